"""What each move asks for: dates, enums, numbers, booleans and ids. Never a person, never free text."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from ungdom.workflow.calendar import Length
from ungdom.workflow.payloads.base import Code, Details, Offence, Terms
from ungdom.workflow.payloads.enums import (
    AppealBy,
    AppealOutcome,
    Attendee,
    BreachAuthority,
    BreachCondition,
    By,
    ConversionTo,
    EndOfControl,
    Extent,
    InterruptedBy,
    InterruptionReason,
    LapseReason,
    NewDecision,
    OtherOutcome,
    PetitionGround,
    PlanFailure,
    PostponementReason,
    ReassignmentReason,
    Recommendation,
    ReinstatementReason,
    ReopeningReason,
    ResumptionReason,
    SetAside,
    WindowOutcome,
)
from ungdom.workflow.vocabulary import Sanction

EventNumber = Annotated[int, Field(ge=1, le=1_000_000)]
"""The number of an event in its case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRegistered(Details):
    """The case as it begins. The person is an id; who that is stands in the people store.

    `table`: the version of the table it begins under; without one, the first.
    """

    sanction: Sanction
    konfliktrad: Code
    person: UUID
    offences: Annotated[tuple[Offence, ...], Field(min_length=1, max_length=200)]
    repeated_or_serious: bool = False
    table: Code | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferredToFollowUp(Details):
    """Påtalemyndighetens overføring til ungdomsoppfølging. strpl § 71 a."""

    length: Length
    guilt_proven: bool
    notified_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicted(Details):
    """Tiltale, or request for judgment on a confession."""

    court_received_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgmentGiven(Terms, Details):
    """Dom på ungdomsstraff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpByJudgment(Details):
    """Ungdomsoppfølging as a condition of a suspended sentence. Former strl § 37 j."""

    length: Length
    suspended_sentence: bool
    served_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Appealed(Details):
    """Anke. `reinstated`: let in after the deadline, for this reason.

    `conditions_continue`: the court says that the interim conditions that run go on during the appeal. strpl § 310.
    """

    by: AppealBy = AppealBy.YOUTH
    reinstated: ReinstatementReason | None = None
    conditions_continue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealDecided(Details):
    """Ankeavgjørelse. `terms` are those of the new judgment when it changed them."""

    outcome: AppealOutcome
    served_on: date | None = None
    terms: Terms | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BecameFinal(Details):
    """Rettskraft. `accepted`: every party accepted. `set_by_prosecution`: the date is the prosecution's own."""

    accepted: bool = False
    set_by_prosecution: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyExecutionAllowed(Details):
    """Fullbyrding før rettskraft, which the convicted asked for on that day. strpl § 453."""

    requested_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Details):
    """Mottatt i konfliktrådet. `not_a_duplicate`: a person looked and found two cases, not one."""

    not_a_duplicate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned(Details):
    """Tildelt ungdomskoordinator. `reassignment_reason`: why it is another one than before."""

    coordinator: Code
    reassignment_reason: ReassignmentReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Postponed(Details):
    """Utsatt gjennomføring. strpl § 459."""

    reason: PostponementReason
    conditions: tuple[BreachCondition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMeetingHeld(Details):
    """Ungdomsplanmøte. krl § 24."""

    present: tuple[Attendee, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSigned(Details):
    """Ungdomsplan signert."""

    by: tuple[By, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFailed(Details):
    """Ingen ungdomsplan. `recommendation`: youth sanction only."""

    reason: PlanFailure
    recommendation: Recommendation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentBy(Details):
    """A withdrawal, refusal or revocation of consent: by whom."""

    by: By
    guardian: Code | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachTalkHeld(Details):
    """Bruddsamtale. krl §§ 31, 33: the youth is told the consequences."""

    consequences_explained: bool
    conditions: tuple[BreachCondition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted(Details):
    """Avbrudd. krl §§ 30-34."""

    reason: InterruptionReason
    decided_by: InterruptedBy = InterruptedBy.COORDINATOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(Details):
    """Oppstart etter avbrudd."""

    reason: ResumptionReason


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplanMeetingHeld(Details):
    """Nytt ungdomsplanmøte after a breach. Never resets the start. `after_complaint`: the plan fell by a complaint."""

    present: tuple[Attendee, ...] = ()
    consent_police: bool = False
    consent_correctional_service: bool = False
    after_complaint: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferredForBreach(Details):
    """Oversendt med innstilling. krl § 31 third paragraph."""

    to: BreachAuthority
    recommendation: Recommendation
    consent_police: bool = False
    consent_correctional_service: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PetitionSent(Details):
    """Begjæring til tingretten. strl § 52 c."""

    for_: Annotated[Recommendation, Field(alias="for")]
    by: BreachAuthority = BreachAuthority.CORRECTIONAL_SERVICE
    ground: PetitionGround = PetitionGround.BREACH


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectronicControlOrdered(Details):
    """Elektronisk kontroll, from the day of the event until this day."""

    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectronicControlEnded(Details):
    """Elektronisk kontroll ended."""

    reason: EndOfControl


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionFinal(Details):
    """Omgjøring, final on the day of the event. strl § 52 c."""

    to: ConversionTo
    extent: Extent
    judged_on: date | None = None
    rest_continues: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferredForResumption(Details):
    """Oversendt påtalemyndigheten. krl §§ 33, 34."""

    ground: PetitionGround = PetitionGround.BREACH


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedAfterNewOffence(Details):
    """Avsluttet etter ny avgjørelse. `offence_on`: the last act it is about, where that is told. krl §§ 32, 34."""

    decision: NewDecision
    decided_on: date
    offence_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionSetAside(Details):
    """Avgjørelsen opphevet."""

    reason: SetAside


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowClosed(Details):
    """Fristen for begjæring ute."""

    outcome: WindowOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherOutcomeReached(Details):
    """Annen avgjørelse."""

    outcome: OtherOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapsed(Details):
    """Bortfalt."""

    reason: LapseReason


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopeningChoice(Details):
    """What becomes of what the closing ended, by the numbers of its events.

    `goes_on`: had never ended, and its end is annulled. `stays_ended`: remains ended.
    """

    goes_on: tuple[EventNumber, ...] = ()
    stays_ended: tuple[EventNumber, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened(ReopeningChoice):
    """Gjenåpnet."""

    reason: ReopeningReason = ReopeningReason.CLOSED_IN_ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopeningApproved(ReopeningChoice):
    """The second person agrees to a reopening, and to what goes on."""
