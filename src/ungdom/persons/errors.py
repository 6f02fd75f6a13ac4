"""The errors of persons. They carry data and know nothing of HTTP."""

from dataclasses import dataclass
from uuid import UUID

from ungdom.cases.youth import YouthImpact
from ungdom.retention.holds import ErasureHold


class PersonError(Exception):
    """A use of a person is refused.

    PersonError
    ├── PersonOutdated      the record has changed since the version that the write named
    ├── NotCleared          the address is protected, and the caller may not know it
    ├── PersonUnchanged     a correction would leave the record as it is
    ├── UnknownGuardian     a guardian is named who is not on record
    ├── BornAfterOffence    the birth date does not lie before the first act of a case that the caller sees
    ├── EventsInTheWay      with the correction, recorded events would not be legal
    ├── SamePerson          the two are one person already
    ├── CasesDoNotSplit     the cases are not some, but not all, of the cases of the person
    ├── NotAMerge           the proposal to undo is no approved merge of this person
    ├── ProposalDecided     the proposal has been decided
    ├── SecondPersonNeeded  leader and secretariat decide together: the other of the two has to
    ├── PopulationEventDiffers  the register has sent another event under this id
    ├── PersonNotOfEvent    the event of the register is about another person than the one named
    ├── EventOvertaken      the register has sent a newer protection level since
    ├── NoQuestion          the event of the register is not waiting for a decision
    ├── PersonErased        the personal data of the person has been erased
    └── ErasureHeld         the person may not be erased yet
    """


@dataclass
class PersonOutdated(PersonError):
    """The record has changed; `revision` is the present one."""

    revision: int


class NotCleared(PersonError):
    """The address of the person is protected, and the caller may not know it."""


class PersonUnchanged(PersonError):
    """The record reads like the correction already."""


@dataclass
class UnknownGuardian(PersonError):
    """No guardian on record has this reference, or two of the correction have it."""

    reference: str


class BornAfterOffence(PersonError):
    """The birth date does not lie before the first act of every case of the person that the caller may see."""


@dataclass
class EventsInTheWay(PersonError):
    """With the correction these events would not be legal. `hidden`: a case that they do not see is in the way."""

    impacts: tuple[YouthImpact, ...]
    hidden: bool


class SamePerson(PersonError):
    """The two ids are of one person already."""


class CasesDoNotSplit(PersonError):
    """The named cases are none or all of the cases of the person, or one of them is of somebody else."""


class NotAMerge(PersonError):
    """The named proposal is no approved merge by which this person came to be."""


class ProposalDecided(PersonError):
    """The proposal has been approved or rejected before."""


class SecondPersonNeeded(PersonError):
    """A leader and the secretariat decide together, and this caller is not the other of the two."""


@dataclass
class PopulationEventDiffers(PersonError):
    """The register has sent another event under the id `register_id`."""

    register_id: str


@dataclass
class EventOvertaken(PersonError):
    """The register has sent a newer protection level since: the older one is not applied."""


class NoQuestion(PersonError):
    """The event of the register is not waiting for a decision. `event_id`: of it."""

    event_id: UUID


class PersonNotOfEvent(PersonError):
    """The event of the register cannot be about the person named, or it may be about several and none is named."""


class PersonErased(PersonError):
    """The personal data of the person has been erased: there is nothing to change or to erase."""


@dataclass
class ErasureHeld(PersonError):
    """The person may not be erased yet. `reasons`: all of them, as far as the caller may know."""

    reasons: tuple[ErasureHold, ...]
