"""Purposes of extracts: who ordered them, the legal basis, the last day, the extracts and the precision of days.

An installation lists its purposes in a TOML file (`UNGDOM_PURPOSES_FILE`); docs/extracts.md describes it. There is no
extract without a purpose that is in force. A development installation without a file has one purpose, for synthetic
data.
"""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ungdom.extracts.catalogue import EXTRACTS, Extract
from ungdom.extracts.columns.column import Dates, PurposeColumn, purpose_columns
from ungdom.extracts.errors import NoPurpose, NotForPurpose, PurposeOver
from ungdom.settings import BadSettings, Settings

ORDERED = tuple(extract for extract in EXTRACTS if not extract.released)
NAMES = frozenset(extract.name for extract in ORDERED)
"""The extracts that need a purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """One purpose. `until`: its last day. `dates`: the precision of days by extract.

    `without`: columns that are left out. `analysts`: the subjects who may download; empty: every analyst.
    """

    name: str
    ordered_by: str
    basis: str
    until: date
    dates: dict[str, Dates] = field(hash=False)
    without: frozenset[str] = frozenset()
    analysts: frozenset[str] = frozenset()

    def is_for(self, subject: str) -> bool:
        """Whether this analyst may download its extracts."""
        return not self.analysts or subject in self.analysts

    def columns(self, extract: Extract) -> tuple[PurposeColumn, ...]:
        """The columns of an extract as this purpose receives them."""
        return purpose_columns(extract.columns, self.dates[extract.name], self.without)


DEMO = Purpose(
    name="demo",
    ordered_by="whoever runs this installation for development",
    basis="none needed: its people are invented",
    until=date(2099, 12, 31),
    dates=dict.fromkeys(sorted(NAMES), Dates.DAY),
)
"""The purpose of a development installation without a purposes file."""


PUBLISHED = Purpose(
    name="published",
    ordered_by="whoever reads it",
    basis="none needed: it has been released",
    until=date.max,
    dates={extract.name: Dates.DAY for extract in EXTRACTS if extract.released},
)
"""The purpose of released extracts, in the log and the manifest."""


class Purposes:
    """The purposes of an installation."""

    def __init__(self, purposes: Iterable[Purpose]) -> None:
        self._by_name = {purpose.name: purpose for purpose in purposes}

    def __iter__(self) -> Iterator[Purpose]:
        """In the order of the file."""
        return iter(self._by_name.values())

    def granted(self, name: str, extract: Extract, day: date, subject: str | None) -> Purpose:
        """The purpose, if it covers the extract on that day. `subject`: who downloads; None: the operator.

        Raises `NoPurpose` (also for an analyst who may not use it), `PurposeOver` or `NotForPurpose`.
        """
        purpose = self._by_name.get(name)
        if purpose is None or not (subject is None or purpose.is_for(subject)):
            raise NoPurpose(name)
        if day > purpose.until:
            raise PurposeOver(name, purpose.until)
        if extract.name not in purpose.dates:
            raise NotForPurpose(extract.name, name)
        return purpose


# --- the file -----------------------------------------------------------------------------------------------

_Text = Annotated[str, Field(min_length=1, max_length=500)]


class _PurposeEntry(BaseModel):
    """One purpose in the file. `dates`: one precision for all extracts, or one per extract."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    ordered_by: _Text
    basis: _Text
    until: date
    extracts: Annotated[list[str], Field(min_length=1)]
    dates: Dates | dict[str, Dates]
    without: list[str] = []
    analysts: list[str] = []


class _PurposesFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    purpose: list[_PurposeEntry]


def load(settings: Settings) -> Purposes:
    """The purposes of this installation. Raises `BadSettings` with what is wrong in the file."""
    path = settings.purposes_file
    if path is None:
        return Purposes([DEMO] if settings.development else [])
    purposes = [_purpose(path, row) for row in _read(path).purpose]
    if len({purpose.name for purpose in purposes}) < len(purposes):
        raise BadSettings(f"{path}: a purpose stands twice")
    return Purposes(purposes)


def _read(path: Path) -> _PurposesFile:
    try:
        return _PurposesFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path}: {error}") from None
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors())
        raise BadSettings(f"{path}: {problems}") from None


def _purpose(path: Path, row: _PurposeEntry) -> Purpose:
    dates = row.dates if isinstance(row.dates, dict) else dict.fromkeys(row.extracts, row.dates)
    keys = {name for extract in ORDERED for name in extract.key}
    known = {column.name for extract in ORDERED for column in extract.columns} - keys
    wrong = {"extracts": set(row.extracts) - NAMES, "without": set(row.without) - known}
    wrong["dates"] = set(row.extracts) ^ set(dates)
    if problems := "; ".join(f"{name}: {', '.join(sorted(ones))}" for name, ones in wrong.items() if ones):
        raise BadSettings(f"{path}: purpose {row.name}: {problems}: not there, a key, or not said for each")
    return Purpose(
        name=row.name,
        ordered_by=row.ordered_by,
        basis=row.basis,
        until=row.until,
        dates=dates,
        without=frozenset(row.without),
        analysts=frozenset(row.analysts),
    )
