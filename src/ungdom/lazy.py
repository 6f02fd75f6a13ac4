"""Imports on first use, for packages that load slowly and that most processes do not need.

An import statement for the type checker, and `lazy` for the interpreter:

    if TYPE_CHECKING:
        import numpy as np
    else:
        np = lazy("numpy")

What is evaluated while the module is loaded (base classes, constants, default values) must not use such a name, and
annotations that do are not evaluated: `from __future__ import annotations`.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType


class LazyModule(ModuleType):
    """A proxy that imports its module when an attribute is first read. Thread-safe, as the import itself."""

    def __getattr__(self, name: str) -> object:
        value = getattr(import_module(self.__name__), name)
        setattr(self, name, value)  # the next look-up does not come here
        return value


def lazy(name: str) -> LazyModule:
    """The module of that name, imported when an attribute of it is first read. Raises `ImportError` then, not now."""
    return LazyModule(name)


@contextmanager
def uncollected() -> Iterator[None]:
    """Import inside the `with` statement without garbage collection: nearly all that an import makes stays."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
