"""What each field of the interface means: a label and a help text for forms, a sentence for the documentation.

One file for each language. A key is the name of a field on the wire; `Schema.name`, or several schemas with commas
between, stands before it, `answer.name` is for what only goes out,
and `?name` for a question in the address. The files are read when they are first needed.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ungdom.texts import Language

LABELS = "_label"
"""The end of every name that stands beside a code and has it in words."""


@dataclass(frozen=True, slots=True)
class Field:
    """What a field is called and what it means. `label`: null for what no person fills in."""

    label: str | None
    help: str


@cache
def catalogue(language: Language) -> Mapping[str, Field]:
    """Every field that is described in this language, by its key; a key for several schemas once for each."""
    raw = tomllib.loads(files(__name__).joinpath(f"{language}.toml").read_text(encoding="utf-8"))
    return {key: _field(entry) for written, entry in raw.items() for key in _keys(written)}


def key_of(name: str, owners: Iterable[str]) -> str | None:
    """The key under which a field is described: that of its first owner that has one, or its name alone.

    The English catalogue decides: it has every field.
    """
    known = catalogue("en")
    candidates = [*(_key(owner, name) for owner in owners), name, f"*{LABELS}" if name.endswith(LABELS) else name]
    return next((key for key in candidates if key in known), None)


def _key(owner: str, name: str) -> str:
    return f"{owner}{name}" if owner == "?" else f"{owner}.{name}"


def _field(entry: str | dict[str, str]) -> Field:
    return Field(None, entry) if isinstance(entry, str) else Field(entry["label"], entry["help"])


def _keys(written: str) -> Iterator[str]:
    owners, dot, name = written.rpartition(".")
    yield from (f"{owner}.{name}" for owner in owners.split(",")) if dot else (written,)
