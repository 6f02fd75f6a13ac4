"""The consents of a case: to the sanction and to sharing, how each stands, and what to do where one is lacking."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Response

from ungdom import texts
from ungdom.api import rights
from ungdom.api import schemas as s
from ungdom.api.cases import AsOf
from ungdom.api.deps import ReadCall
from ungdom.casework import Read
from ungdom.workflow import consents
from ungdom.workflow.case import Case
from ungdom.workflow.consents import Consent, ConsentKind, ConsentLack, ConsentStatus, Informed, Lacking, NotTold
from ungdom.workflow.details import Attendee, By, Sharing, SharingPurpose

router = APIRouter(tags=["cases"])


class NotToldOut(s.Output):
    """Something of the information that nobody has recorded."""

    code: NotTold
    label: str


class InformedOut(s.Output):
    """How they were informed before they consented. `by`: a reference, or the authority in whose name it was told."""

    by: str | None
    on: date | None
    form_version: str | None
    language: str | None
    interpreter: bool
    questions_asked: bool
    missing: list[NotToldOut]


class ConsentOut(s.Output):
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


class LackingOut(s.Output):
    """Somebody whose consent the sanction needs and does not have, and what to do."""

    by: By
    by_label: str
    guardian: str | None
    why: ConsentLack
    message: str
    since: date | None
    advice: str
    law: str


class HandOverOut(s.Output):
    """The 18th birthday: from then on the youth alone. `passed`: it has come."""

    on: date
    passed: bool
    advice: str


class ConsentsOut(s.Output):
    """The consents on a day. `unmet`: of an open case that rests on consent. `hand_over`: null without guardians."""

    as_of: s.AsOfOut
    rests_on_consent: bool
    sanction: list[ConsentOut]
    sharing: list[ConsentOut]
    unmet: list[LackingOut]
    hand_over: HandOverOut | None


@router.get("/v1/cases/{case_id}/consents", response_model=ConsentsOut, summary="The consents, and who is missing")
def get_consents(call: ReadCall, case_id: UUID, as_of: AsOf) -> Response:
    """Who consents to the sanction and to sharing, how they were informed, how each stands, and what is to be done."""
    return rights.shown(call, case_id, as_of, lambda read, then: consents_out(read, then, call.language))


def consents_out(read: Read, then: s.AsOfOut, language: texts.Language) -> ConsentsOut:
    """The consents as they stand on the day."""
    case, day = read.case, read.on
    unmet = [] if case.is_closed else consents.lacking(case, day)
    return ConsentsOut(
        as_of=then,
        rests_on_consent=consents.rests_on_consent(case, day),
        sanction=[_consent_out(one, language) for one in consents.to_the_sanction(case, day)],
        sharing=[_consent_out(one, language) for one in consents.to_sharing(case, day)],
        unmet=[_lacking_out(one, language) for one in unmet],
        hand_over=_hand_over(case, day, language) if case.youth.guardians else None,
    )


def _consent_out(one: Consent, language: texts.Language) -> ConsentOut:
    return ConsentOut(
        kind=one.kind,
        label=texts.label(language, one.kind),
        by=one.by,
        by_label=texts.label(language, one.by),
        guardian=one.guardian,
        temporary=one.temporary,
        given_on=one.given_on,
        informed=_informed_out(one.informed, language) if one.informed else None,
        until=one.until,
        ended_on=one.ended_on,
        status=one.status,
        status_label=texts.label(language, one.status),
        recipient=one.recipient,
        recipient_label=texts.label(language, one.recipient) if one.recipient else None,
        scope=one.scope,
        scope_label=texts.label(language, one.scope) if one.scope else None,
        purpose=one.purpose,
        purpose_label=texts.label(language, one.purpose) if one.purpose else None,
    )


def _informed_out(told: Informed, language: texts.Language) -> InformedOut:
    return InformedOut(
        by=told.by,
        on=told.on,
        form_version=told.form_version,
        language=told.language,
        interpreter=told.interpreter,
        questions_asked=told.questions_asked,
        missing=[NotToldOut(code=code, label=texts.label(language, code)) for code in told.missing],
    )


def _lacking_out(one: Lacking, language: texts.Language) -> LackingOut:
    return LackingOut(
        by=one.by,
        by_label=texts.label(language, one.by),
        guardian=one.guardian,
        why=one.why,
        message=texts.label(language, one.why),
        since=one.since,
        advice=texts.text(language, "consent_advice", one.why),
        law="krl § 11",
    )


def _hand_over(case: Case, day: date, language: texts.Language) -> HandOverOut:
    passed = not case.under_age(day)
    advice = texts.text(language, "consent_advice", "hand_over" if passed else "hand_over_ahead")
    return HandOverOut(on=case.of_age_on, passed=passed, advice=advice)
