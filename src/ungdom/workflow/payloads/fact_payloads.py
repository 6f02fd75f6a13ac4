"""What each fact asks for: dates, enums, numbers, booleans and ids. Never a person, never free text."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from ungdom.workflow.payloads.base import Code, Details, Offence
from ungdom.workflow.payloads.enums import (
    Attendee,
    BreachKind,
    By,
    Channel,
    ComplaintAbout,
    ComplaintOutcome,
    DrugTestResult,
    HeardAbout,
    HeardHow,
    PinReason,
    ReinstatementReason,
    Sharing,
    SharingPurpose,
    TeamRole,
    WaitReason,
)
from ungdom.workflow.vocabulary import Party, Regime

VictimNumber = Annotated[int, Field(ge=1, le=99)]
"""Which victim of the case: 1 for the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OffenceAdded(Details):
    """One more act in the case."""

    offence: Offence


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded(Details):
    """A note. Its text is kept apart, in the people store, under this id."""

    note: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferDecided(Details):
    """Overføring til annet konfliktråd. krl § 13: parties heard first, prosecution told at once."""

    to: Code
    parties_heard: bool
    prosecution_told_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferAccepted(Details):
    """The receiving office accepts. `keeps`: the members of the team who stay; the others leave with the transfer."""

    keeps: tuple[Code, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionRegimePinned(Details):
    """A named user's decision that execution follows this regime whatever the date of the step."""

    regime: Regime
    reason: PinReason


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesMigrated(Details):
    """From here on the whole history is read by this version of the table."""

    table: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class PumOrdered(Details):
    """Personundersøkelse for mindreårige ordered. strpl § 161 a."""

    wished_by: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PumReturned(Details):
    """Personundersøkelse returned, carried out or not."""

    carried_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CoordinationMeetingHeld(Details):
    """Møte i koordineringsgruppen. krl § 22 d."""

    suitable: bool
    sketch: bool = False
    agencies: tuple[Attendee, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven(Details):
    """Samtykke, real and informed. krl § 11. `guardian` tells two guardians apart by a reference, never a name.

    `until`: the last day of a consent given for a time. `temporary`: by a midlertidig verge. krl § 11 second paragraph.
    """

    by: By
    guardian: Code | None = None
    explained_by: Code | None = None
    explained_on: date | None = None
    form_version: Code | None = None
    language: Code | None = None
    interpreter: bool = False
    questions_asked: bool = False
    until: date | None = None
    temporary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingConsentGiven(Details):
    """Samtykke til å dele opplysninger, until and with that day. krl § 22 c. `guardian` tells two guardians apart.

    `purpose`: what they were told it is for.
    """

    by: By
    guardian: Code | None = None
    scope: Annotated[tuple[Sharing, ...], Field(min_length=1)]
    recipients: Annotated[tuple[Attendee, ...], Field(min_length=1)]
    until: date | None = None
    purpose: SharingPurpose | None = None
    explained_by: Code | None = None
    form_version: Code | None = None
    language: Code | None = None
    interpreter: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingConsentWithdrawn(Details):
    """Delingssamtykke trukket; no recipients: all of them. `guardian`: which one, as in the consent."""

    by: By
    guardian: Code | None = None
    recipients: tuple[Attendee, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingScheduled(Details):
    """Berammet; `hearing_on` is the day set."""

    hearing_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberJoined(Details):
    """A member of the follow-up team (oppfølgingsteam). krl § 26. Without a role or channel: not said."""

    member: Code
    agency: Attendee
    role: TeamRole | None = None
    channel: Channel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLeft(Details):
    """A member left the follow-up team."""

    member: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamMeetingHeld(Details):
    """Møte i oppfølgingsteamet. krl § 22."""

    invited: tuple[Attendee, ...] = ()
    present: tuple[Attendee, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DrugTestHeld(Details):
    """Rusprøve. krl § 29."""

    result: DrugTestResult


@dataclass(frozen=True, slots=True, kw_only=True)
class StayAbroadPermitted(Details):
    """Utenlandsopphold tillatt. krl § 27."""

    since: date
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class StayAbroadRefused(Details):
    """Utenlandsopphold avslått: the stay that was asked for. krl § 27."""

    since: date
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class YouthHeard(Details):
    """Ungdommen er hørt before a step of the office. Grunnloven § 104, barnekonvensjonen art. 12, fvl §§ 16, 17."""

    about: Annotated[tuple[HeardAbout, ...], Field(min_length=1)]
    how: HeardHow
    guardian_present: bool = False
    defender_present: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachRecorded(Details):
    """Brudd, which happened on the day of the event.

    `measure`, `meeting`, `test`: the number, in this case, of what was missed or failed. They tell two breaches of one
    day apart.
    """

    kind: BreachKind
    measure: Code | None = None
    meeting: Code | None = None
    test: Code | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VictimStep(Details):
    """A step of one victim (fornærmede) on the restorative track, by the victim's number in the case. krl § 24 a."""

    victim: VictimNumber = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorativeMeetingHeld(Details):
    """Gjenopprettende møte, with these victims by number. krl § 24 a."""

    victims: Annotated[tuple[VictimNumber, ...], Field(min_length=1, max_length=50)] = (1,)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOffenceRecorded(Details):
    """Nytt lovbrudd: the day of the act and, when charged, the day of the charge."""

    offence_on: date
    charged_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintFiled(Details):
    """Klage."""

    about: ComplaintAbout


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintDecided(Details):
    """Klage avgjort. `reinstated`: a late one, taken up all the same for this reason. fvl § 31."""

    about: ComplaintAbout
    outcome: ComplaintOutcome
    reinstated: ReinstatementReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitStarted(Details):
    """From the day of the event the case waits for this party."""

    party: Party
    reason: WaitReason


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitEnded(Details):
    """The wait is over; no party: the one started last."""

    party: Party | None = None
