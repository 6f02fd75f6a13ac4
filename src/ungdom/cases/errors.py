"""The errors of recording, correcting, opening and reading a case. They carry data and know nothing of HTTP."""

from dataclasses import dataclass

from ungdom.store.journal import StoredCase
from ungdom.workflow.answers import IllegalStep
from ungdom.workflow.engine import Decision
from ungdom.workflow.vocabulary import Actor, EventType


class CaseworkError(Exception):
    """A use of a case is refused.

    CaseworkError
    ├── NotVisible         no such case for this viewer
    ├── VersionRequired    a write named no version of the case
    ├── Outdated           the case has changed since
    ├── NotPermitted       the role may not record this
    ├── Refused            conditions are not met
    ├── WalkBroken         a correction would leave a history that is not a legal walk
    ├── NotCorrectable     the event cannot be corrected
    ├── NotInsertable      an event of that type cannot be put in afterwards
    ├── WrongPlace         the event after which one is to be put in is of another day
    ├── ChangesNothing     a correction would leave the event unchanged
    ├── CaseNotClosed      only a closed case is archived
    ├── UseCorrections     corrections and registrations are recorded by functions of their own
    └── UnknownReferenceValue  a konfliktråd, municipality or coordinator that does not exist
    """


class NotVisible(CaseworkError):
    """There is no such case for this viewer."""


class VersionRequired(CaseworkError):
    """The write named no version of the case."""


@dataclass
class Outdated(CaseworkError):
    """The case has changed since version `since`; `stored` is the present version."""

    stored: StoredCase
    since: int


@dataclass
class NotPermitted(CaseworkError):
    """This role may not record this; these may."""

    event: str
    actors: tuple[Actor, ...]


@dataclass
class Refused(CaseworkError):
    """Conditions are not met: all of them are in the decision."""

    decision: Decision


@dataclass
class WalkBroken(CaseworkError):
    """With this correction the rest of the history would not be a legal walk.

    `broken`: the first step that would not be allowed; `also`: the others, each as if those before it had been.
    """

    broken: IllegalStep
    also: tuple[IllegalStep, ...] = ()


@dataclass
class NotCorrectable(CaseworkError):
    """There is no event with that number that can be corrected, or the closing of the case wrote it."""

    seq: int


@dataclass
class NotInsertable(CaseworkError):
    """An event of this type is not put in afterwards."""

    event: EventType


@dataclass
class WrongPlace(CaseworkError):
    """There is no event with that number on the day of the one that is to be put in after it."""

    seq: int


@dataclass
class ChangesNothing(CaseworkError):
    """The event reads like the correction already, or is annulled already."""

    seq: int


@dataclass
class UseCorrections(CaseworkError):
    """This event type is recorded by a function of its own."""

    event: EventType


@dataclass
class UnknownReferenceValue(CaseworkError):
    """A named value does not exist. `kind`: konfliktrad, municipality, office_mismatch or person."""

    kind: str
    given: str
    known: tuple[str, ...] = ()


class CaseNotClosed(CaseworkError):
    """The case is not closed, and only a closed one is archived."""
