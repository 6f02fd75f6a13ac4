"""What each field of the interface means: a label and a help text for forms, a sentence for the documentation.

One file per language, read at the first use. A key is the name of a field in JSON: `name` for every schema,
`Schema.name` for one or, separated by commas, several schemas, `answer.name` for fields of responses only, and `?name`
for query parameters.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ungdom.texts import Language

LABELS = "_label"
"""The suffix of a field that has the label of the code in the field beside it."""


@dataclass(frozen=True, slots=True)
class Field:
    """What a field is called and what it means. `label`: null for what no person fills in."""

    label: str | None
    help: str


@cache
def catalogue(language: Language) -> Mapping[str, Field]:
    """Every field described in this language, by key; a key of several schemas gives one entry per schema."""
    raw = tomllib.loads(files(__name__).joinpath(f"{language}.toml").read_text(encoding="utf-8"))
    result: dict[str, Field] = {}
    for written, entry in raw.items():
        field = Field(None, entry) if isinstance(entry, str) else Field(entry["label"], entry["help"])
        owners, dot, name = written.rpartition(".")
        result |= {f"{owner}{dot}{name}": field for owner in owners.split(",")}
    return result


def key_of(name: str, owners: Iterable[str]) -> str | None:
    """The key under which a field is described: that of its first owner that has one, or its name alone.

    The English catalogue decides: it has every field.
    """
    known = catalogue("en")
    owned = (f"{owner}{name}" if owner == "?" else f"{owner}.{name}" for owner in owners)
    candidates = [*owned, name, f"*{LABELS}" if name.endswith(LABELS) else name]
    return next((key for key in candidates if key in known), None)
