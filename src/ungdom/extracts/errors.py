"""What can stand in the way of an extract.

ExtractsError
├── NoExtract        there is no extract of this name
├── NoPurpose        nobody has ordered anything under this name
├── PurposeOver      the purpose has ended
├── NotForPurpose    the purpose does not cover this extract
├── NoRelease        nothing had been released by then
├── NoKey            the key that the pseudonyms are made with is not here
├── NotYet           asked as known at an instant that has not come, or is not settled
├── NotAsDeclared    a value is not what its column says: nothing leaves that nobody has described
├── NotEmpty         there is something already where the extract is to be written
└── CannotRebuild    other versions than those of the manifest: the bytes would be others
"""

from datetime import date, datetime


class ExtractsError(Exception):
    """Something stands in the way of an extract."""


class NoExtract(ExtractsError):
    """There is no extract of this name. `known`: those there are."""

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
    """Nothing had been released of what was known then."""

    def __init__(self) -> None:
        super().__init__("no tables had been released by then: `ungdom releases` lists what there is")


class NoKey(ExtractsError):
    """The key of this version is not here; None: there is none at all."""

    def __init__(self, version: int | None) -> None:
        which = "no extract key is here" if version is None else f"the extract key of version {version} is not here"
        super().__init__(f"{which}: UNGDOM_EXTRACT_KEYS holds them, as `version:base64 of 32 bytes`, between commas")
        self.version = version


class NotYet(ExtractsError):
    """What is known then is not known yet. `latest`: the last instant or day that can be asked for now."""

    def __init__(self, requested: datetime | date, latest: datetime | date) -> None:
        super().__init__(f"{requested.isoformat()} has not come, or is too recent; {latest.isoformat()} at the latest")
        self.asked = requested
        self.latest = latest


class NotAsDeclared(ExtractsError):
    """A value of a column is not what the dictionary says: it has to be described, or must not leave."""

    def __init__(self, extract: str, column: str) -> None:
        super().__init__(f"a value of {extract}.{column} is not what its column declares")
        self.extract = extract
        self.column = column


class NotEmpty(ExtractsError):
    """There is something already where the extract is to be written."""

    def __init__(self, where: str) -> None:
        super().__init__(f"{where} is there already: choose another place, or take up again what was broken off")


class CannotRebuild(ExtractsError):
    """The same bytes cannot be made here. `differences`: what differs, as (what, then, now)."""

    def __init__(self, differences: list[tuple[str, str, str]]) -> None:
        text = "; ".join(f"{what}: {then} then, {now} now" for what, then, now in differences)
        super().__init__(f"the same bytes cannot be made here: {text}")
        self.differences = differences
