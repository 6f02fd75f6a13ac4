"""The consents of a case: to the sanction and to sharing, how each stands, and what to do where one is lacking."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Response

from ungdom import texts
from ungdom.api.http.case_reading import case_view
from ungdom.api.http.context import ReadContext
from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.api.http.time_travel import AsOfParams
from ungdom.cases import CaseView
from ungdom.workflow.case import Case
from ungdom.workflow.derived import consents
from ungdom.workflow.derived.consents import (
    ConsentInformation,
    ConsentKind,
    ConsentLack,
    ConsentStatus,
    MissingConsent,
    NotTold,
    RecordedConsent,
)
from ungdom.workflow.payloads import Attendee, By, Sharing, SharingPurpose

router = APIRouter(tags=["cases"])


class NotToldOut(Output):
    """Something of the information that nobody has recorded."""

    code: NotTold
    label: str


class InformedOut(Output):
    """How they were informed before they consented. `by`: a reference, or the authority in whose name it was told."""

    by: str | None
    on: date | None
    form_version: str | None
    language: str | None
    interpreter: bool
    questions_asked: bool
    missing: list[NotToldOut]


class ConsentOut(Output):
    """The last word of one person. `recipient`, `scope` and `purpose`: of a consent to share only."""

    kind: ConsentKind
    label: str
    by: By
    by_label: str
    guardian: str | None
    temporary: bool
    given_on: date | None
    informed: InformedOut | None
    until: date | None
    ended_on: date | None
    status: ConsentStatus
    status_label: str
    recipient: Attendee | None
    recipient_label: str | None
    scope: Sharing | None
    scope_label: str | None
    purpose: SharingPurpose | None
    purpose_label: str | None


class LackingOut(Output):
    """Somebody whose consent the sanction needs and does not have, and what to do."""

    by: By
    by_label: str
    guardian: str | None
    why: ConsentLack
    message: str
    since: date | None
    advice: str
    law: str


class HandOverOut(Output):
    """The 18th birthday: from then on the youth alone. `passed`: it has come."""

    on: date
    passed: bool
    advice: str


class ConsentsOut(Output):
    """The consents on a day. `unmet`: of an open case that rests on consent. `hand_over`: null without guardians."""

    as_of: AsOfOut
    rests_on_consent: bool
    sanction: list[ConsentOut]
    sharing: list[ConsentOut]
    unmet: list[LackingOut]
    hand_over: HandOverOut | None


@router.get("/v1/cases/{case_id}/consents", response_model=ConsentsOut, summary="The consents, and who is missing")
def get_consents(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """Who consents to the sanction and to sharing, how they were informed, how each stands, and what is to be done."""
    return case_view(context, case_id, as_of, lambda read, then: consents_out(read, then, context.language))


def consents_out(read: CaseView, then: AsOfOut, language: texts.Language) -> ConsentsOut:
    """The consents as they stand on the day."""
    case, day = read.case, read.on
    unmet = [] if case.is_closed else consents.missing_consents(case, day)
    return ConsentsOut(
        as_of=then,
        rests_on_consent=consents.rests_on_consent(case, day),
        sanction=[_consent_out(item, language) for item in consents.sanction_consents(case, day)],
        sharing=[_consent_out(item, language) for item in consents.sharing_consents(case, day)],
        unmet=[_lacking_out(item, language) for item in unmet],
        hand_over=_hand_over(case, day, language) if case.youth.guardians else None,
    )


def _consent_out(consent: RecordedConsent, language: texts.Language) -> ConsentOut:
    return ConsentOut(
        kind=consent.kind,
        label=texts.label(language, consent.kind),
        by=consent.by,
        by_label=texts.label(language, consent.by),
        guardian=consent.guardian,
        temporary=consent.temporary,
        given_on=consent.given_on,
        informed=_informed_out(consent.informed, language) if consent.informed else None,
        until=consent.until,
        ended_on=consent.ended_on,
        status=consent.status,
        status_label=texts.label(language, consent.status),
        recipient=consent.recipient,
        recipient_label=texts.label(language, consent.recipient) if consent.recipient else None,
        scope=consent.scope,
        scope_label=texts.label(language, consent.scope) if consent.scope else None,
        purpose=consent.purpose,
        purpose_label=texts.label(language, consent.purpose) if consent.purpose else None,
    )


def _informed_out(informed: ConsentInformation, language: texts.Language) -> InformedOut:
    return InformedOut(
        by=informed.by,
        on=informed.on,
        form_version=informed.form_version,
        language=informed.language,
        interpreter=informed.interpreter,
        questions_asked=informed.questions_asked,
        missing=[NotToldOut(code=code, label=texts.label(language, code)) for code in informed.missing],
    )


def _lacking_out(lacking: MissingConsent, language: texts.Language) -> LackingOut:
    return LackingOut(
        by=lacking.by,
        by_label=texts.label(language, lacking.by),
        guardian=lacking.guardian,
        why=lacking.why,
        message=texts.label(language, lacking.why),
        since=lacking.since,
        advice=texts.text(language, "consent_advice", lacking.why),
        law="krl § 11",
    )


def _hand_over(case: Case, day: date, language: texts.Language) -> HandOverOut:
    passed = not case.under_age(day)
    advice = texts.text(language, "consent_advice", "hand_over" if passed else "hand_over_ahead")
    return HandOverOut(on=case.of_age_on, passed=passed, advice=advice)
