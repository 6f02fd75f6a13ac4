"""Errors of extracts.

ExtractsError
├── NoExtract        there is no extract of this name
├── NoPurpose        there is no purpose of this name
├── PurposeOver      the purpose has ended
├── NotForPurpose    the purpose does not cover this extract
├── NoRelease        no release existed by then
├── NoKey            the key of the pseudonyms is missing
├── NotYet           the requested instant or day is in the future, or too recent
├── NotAsDeclared    a value does not match the declaration of its column
├── ProtectionRaised an address has become protected since the files were made
├── NotEmpty         the target of the extract exists already
└── CannotRebuild    the versions or the bytes differ from those of the manifest
"""

from datetime import date, datetime


class ExtractsError(Exception):
    """An extract cannot be made."""


class NoExtract(ExtractsError):
    """There is no extract of this name. `known`: the names of all extracts."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"there is no extract {name!r}; there are {', '.join(known)}")
        self.name = name
        self.known = known


class NoPurpose(ExtractsError):
    """There is no purpose of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no purpose {name!r}: name one of the file that UNGDOM_PURPOSES_FILE leads to")
        self.name = name


class PurposeOver(ExtractsError):
    """The purpose has ended: its last day was `until`."""

    def __init__(self, name: str, until: date) -> None:
        super().__init__(f"the purpose {name!r} ended on {until}: its data are no longer to be taken out")
        self.name = name
        self.until = until


class NotForPurpose(ExtractsError):
    """The purpose does not cover this extract."""

    def __init__(self, extract: str, purpose: str) -> None:
        super().__init__(f"the purpose {purpose!r} does not cover the extract {extract!r}")
        self.extract = extract
        self.purpose = purpose


class NoRelease(ExtractsError):
    """There is no release of data known by then."""

    def __init__(self) -> None:
        super().__init__("no tables had been released by then: `ungdom releases` lists what there is")


class NoKey(ExtractsError):
    """The extract key of this version is missing; None: there is no key at all."""

    def __init__(self, version: int | None) -> None:
        which = "no extract key is here" if version is None else f"the extract key of version {version} is not here"
        super().__init__(f"{which}: UNGDOM_EXTRACT_KEYS holds them, as `version:base64 of 32 bytes`, between commas")
        self.version = version


class NotYet(ExtractsError):
    """The requested instant or day is too late. `latest`: the last one that can be requested now."""

    def __init__(self, requested: datetime | date, latest: datetime | date) -> None:
        super().__init__(f"{requested.isoformat()} has not come, or is too recent; {latest.isoformat()} at the latest")
        self.requested = requested
        self.latest = latest


class NotAsDeclared(ExtractsError):
    """A value of a column does not match its declaration, so that it may not be exported."""

    def __init__(self, extract: str, column: str) -> None:
        super().__init__(f"a value of {extract}.{column} is not what its column declares")
        self.extract = extract
        self.column = column


class ProtectionRaised(ExtractsError):
    """The address of a person has become protected since the files of a job were made: order them anew."""


class NotEmpty(ExtractsError):
    """The target of the extract exists already."""

    def __init__(self, where: str) -> None:
        super().__init__(f"{where} is there already: choose another place, or take up again what was broken off")


class CannotRebuild(ExtractsError):
    """The same bytes cannot be made here. `differences`: as (what, value in the manifest, value now)."""

    def __init__(self, differences: list[tuple[str, str, str]]) -> None:
        text = "; ".join(f"{what}: {then} then, {now} now" for what, then, now in differences)
        super().__init__(f"the same bytes cannot be made here: {text}")
        self.differences = differences
