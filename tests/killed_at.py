"""`python -m tests.killed_at PLACE COMMAND…`: our command, whose process is killed (SIGKILL) when it reaches a place.

PLACE: `module:function`, killed when it is called; with `after:` before it, killed when it is about to return.
"""

import os
import signal
import sys
from importlib import import_module
from typing import Any


def die_at(place: str) -> None:
    """Replace the function at this place with one that kills the process, also where it has been imported already."""
    target = place.removeprefix("after:")
    module, _, path = target.partition(":")
    owner: Any = import_module(module)
    *classes, name = path.split(".")
    for one in classes:
        owner = getattr(owner, one)
    original = getattr(owner, name)

    def dying(*given: Any, **named: Any) -> Any:
        if target != place:
            original(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, dying)
    for module in [module for title, module in sys.modules.items() if title.startswith("ungdom")]:
        for alias in [alias for alias, value in vars(module).items() if value is original]:
            setattr(module, alias, dying)


if __name__ == "__main__":
    die_at(sys.argv[1])
    from ungdom.cli import main

    sys.argv[:] = ["ungdom", *sys.argv[2:]]
    main()
