"""The decision about one of the accused in a judgment: guilt, reactions, service, and the resulting message."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from ungdom.esas.inbound.lengths import Fengsel, Lengde, hours_flags, length, prison_flags, unconditional
from ungdom.esas.inbound.official import FlagCode, OfficialFlag
from ungdom.esas.inbound.values import EsasModel, MaybeText, StepDay, Text, Unread, code_flags
from ungdom.message import Kind, OtherOutcomeTerms
from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import Length, after

F = FlagCode
RESULTS = ("SKYLDIG", "FRIKJENT", "FRAFALT")
DECLARATIONS = ("VEDTATT", "ANKET", "BETENKNINGSTID")


class Resultat(EsasModel):
    """Guilty or not, of one of the acts."""

    resultatType: Text
    basissakId: Unread = None
    lovbudKombinert: Unread = None
    grunnlagstekst: Unread = None


class Ungdomsstraff(EsasModel):
    """The youth sanction. The contract spells subsidiær `subsidaer`; the right spelling is read as well."""

    straff: Lengde
    subsidaerFengselsstraff: Lengde | None = None
    subsidiaerFengselsstraff: Lengde | None = None
    fradrag: Lengde | None = None

    @property
    def subsidiary(self) -> Length | None:
        """Subsidiær fengselsstraff; the spelling of the contract takes precedence."""
        return length(self.subsidaerFengselsstraff) or length(self.subsidiaerFengselsstraff)


class Reaksjoner(EsasModel):
    """The reactions; several may be combined."""

    ungdomsstraff: Ungdomsstraff | None = None
    fengsel: Fengsel | None = None
    samfunnsstraff: Unread = None
    bot: Unread = None
    rettighetstap: Unread = None
    rettighetstapForbudKontakt: Unread = None
    rettighetstapMotorvogn: Unread = None
    rettighetstapTransport: Unread = None
    inndragning: Unread = None
    annet: Unread = None


class Forkynning(EsasModel):
    """Service of the judgment, and what the accused declared."""

    forkynt: bool
    forkyntDato: StepDay | None = None
    erklaeringsType: MaybeText = None
    korrigeringKreverForkynning: bool | None = None
    kommentar: Unread = None


@dataclass(frozen=True, slots=True)
class AccusedVerdict:
    """The judgment of one day about one of the accused. `on_appeal`: by a court of appeal."""

    on: date
    on_appeal: bool
    results: list[Resultat]
    reactions: Reaksjoner
    service: Forkynning


def kind_and_terms(verdict: AccusedVerdict) -> tuple[Kind, Any] | None:
    """The kind and terms of the resulting message; None for guilt without a reaction."""
    sanction = verdict.reactions.ungdomsstraff
    if sanction is not None:
        return _sanction_given(verdict, sanction)
    if _lacks_reaction(verdict):
        return None
    if not _is_guilty(verdict) and _other_outcome(verdict) is d.OtherOutcome.OTHER:
        dropped = all(result.resultatType == "FRAFALT" for result in verdict.results)
        return (Kind.DROPPED if dropped else Kind.ACQUITTED), d.Details()
    if verdict.on_appeal:
        return Kind.APPEAL_DECIDED, d.AppealDecided(
            outcome=d.AppealOutcome.REPLACED, served_on=served_on(verdict.service)
        )
    return Kind.OTHER_OUTCOME, OtherOutcomeTerms(outcome=_other_outcome(verdict))


def _sanction_given(verdict: AccusedVerdict, sanction: Ungdomsstraff) -> tuple[Kind, Any]:
    """A judgment to ungdomsstraff; on appeal with the new terms, which may equal the old ones."""
    terms = _terms(verdict, sanction)
    served = served_on(verdict.service)
    if not verdict.on_appeal:
        return Kind.JUDGMENT_GIVEN, d.JudgmentGiven(**terms, served_on=served)
    changed = d.AppealOutcome.CHANGED
    return Kind.APPEAL_DECIDED, d.AppealDecided(outcome=changed, served_on=served, terms=d.Terms(**terms))


def _terms(verdict: AccusedVerdict, sanction: Ungdomsstraff) -> dict[str, Any]:
    given = length(sanction.straff) or Length()
    prison = verdict.reactions.fengsel
    return {
        "length": given,
        "subsidiary_prison": sanction.subsidiary,
        "suitable_reaction": True,
        "lives_in_norway": True,
        "prison_would_exceed_two_years": _exceeds(given, law.SANCTION_MAX.on(verdict.on), verdict.on),
        "unconditional_prison": unconditional(prison) if prison else None,
    }


def _exceeds(given: Length, most: Length, on: date) -> bool:
    """Whether an appeal judgment exceeds two years, which requires that prison would clearly have. strl § 52 b a."""
    return after(on, given) > after(on, most)


def _is_guilty(verdict: AccusedVerdict) -> bool:
    return any(result.resultatType not in ("FRIKJENT", "FRAFALT") for result in verdict.results)


def _lacks_reaction(verdict: AccusedVerdict) -> bool:
    return _is_guilty(verdict) and verdict.reactions == Reaksjoner()


def _other_outcome(verdict: AccusedVerdict) -> d.OtherOutcome:
    """The most severe of the reactions instead of ungdomsstraff."""
    reactions = verdict.reactions
    if reactions.fengsel and not _is_suspended(reactions.fengsel):
        return d.OtherOutcome.PRISON
    if reactions.samfunnsstraff:
        return d.OtherOutcome.COMMUNITY_SENTENCE
    if reactions.fengsel:
        return d.OtherOutcome.SUSPENDED_SENTENCE
    return d.OtherOutcome.FINE if reactions.bot else d.OtherOutcome.OTHER


def _is_suspended(prison: Fengsel) -> bool:
    return length(prison.betinget) is not None and unconditional(prison) is None


def served_on(service: Forkynning) -> date | None:
    """The day of service; None if the judgment is not served or is a correction that needs no new service."""
    if service.korrigeringKreverForkynning is False or not service.forkynt or service.forkyntDato is None:
        return None
    return service.forkyntDato.on


def is_appealed(service: Forkynning) -> bool:
    """Whether the accused appealed at the service."""
    return service.korrigeringKreverForkynning is not False and service.erklaeringsType == "ANKET"


# --- flags ---------------------------------------------------------------------------------------


def flags(verdict: AccusedVerdict, pointer: str) -> Iterator[OfficialFlag]:
    """Flags of deviations and inferred values in the judgment of one of the accused."""
    for place, result in enumerate(verdict.results):
        yield from code_flags(RESULTS, result.resultatType, f"{pointer}/resultat/{place}/resultatType")
    yield from _reaction_flags(verdict, f"{pointer}/reaksjoner")
    yield from _service_flags(verdict.service, f"{pointer}/forkynning")


def _reaction_flags(verdict: AccusedVerdict, pointer: str) -> Iterator[OfficialFlag]:
    sanction, prison = verdict.reactions.ungdomsstraff, verdict.reactions.fengsel
    if sanction:
        yield from _sanction_flags(sanction, f"{pointer}/ungdomsstraff")
        if verdict.on_appeal:
            yield OfficialFlag(F.OUTCOME_NOT_COMPARED, f"{pointer}/ungdomsstraff")
    if prison:
        yield from prison_flags(prison, f"{pointer}/fengsel")
    reacted = sanction or _other_outcome(verdict) is not d.OtherOutcome.OTHER
    if reacted and not _is_guilty(verdict):
        yield OfficialFlag(F.RESULT_CONTRADICTS, pointer)
    if _lacks_reaction(verdict):
        yield OfficialFlag(F.NO_REACTION, pointer)


def _sanction_flags(sanction: Ungdomsstraff, pointer: str) -> Iterator[OfficialFlag]:
    yield OfficialFlag(F.IMPLIED_BY_JUDGMENT, pointer)
    yield from hours_flags(sanction.straff, f"{pointer}/straff")
    if sanction.subsidiary is None:
        yield OfficialFlag(F.SUBSIDIARY_MISSING, pointer)
    if sanction.subsidiaerFengselsstraff:
        yield OfficialFlag(F.SPELLING, f"{pointer}/subsidiaerFengselsstraff")
    if sanction.subsidiary not in (None, length(sanction.subsidiaerFengselsstraff or sanction.subsidaerFengselsstraff)):
        yield OfficialFlag(F.LENGTHS_CONTRADICT, pointer)
    yield from hours_flags(sanction.subsidaerFengselsstraff, f"{pointer}/subsidaerFengselsstraff")
    yield from hours_flags(sanction.subsidiaerFengselsstraff, f"{pointer}/subsidiaerFengselsstraff")
    if length(sanction.fradrag):
        yield OfficialFlag(F.CUSTODY_CREDIT, f"{pointer}/fradrag")


def _service_flags(service: Forkynning, pointer: str) -> Iterator[OfficialFlag]:
    if service.korrigeringKreverForkynning is False:
        yield OfficialFlag(F.SERVICE_AS_BEFORE, f"{pointer}/korrigeringKreverForkynning")
        return
    if service.forkyntDato and not service.forkynt:
        yield OfficialFlag(F.SERVED_CONTRADICTS, f"{pointer}/forkyntDato")
    if service.forkynt and service.forkyntDato is None:
        yield OfficialFlag(F.SERVED_WITHOUT_DATE, pointer)
    yield from code_flags(DECLARATIONS, service.erklaeringsType, f"{pointer}/erklaeringsType")
    if service.erklaeringsType == "VEDTATT":
        yield OfficialFlag(F.ACCEPTED, f"{pointer}/erklaeringsType")
    if is_appealed(service) and served_on(service) is None:
        yield OfficialFlag(F.APPEAL_DAY_IMPLIED, f"{pointer}/erklaeringsType")
