"""Consents as schemas."""

from datetime import date

from ungdom import texts
from ungdom.api.consents.schemas import ConsentOut, ConsentsOut, HandOverOut, InformedOut, LackingOut, NotToldOut
from ungdom.api.http.present import from_source
from ungdom.api.http.schemas import AsOfOut
from ungdom.cases import CaseView
from ungdom.workflow.case import Case
from ungdom.workflow.derived import consents
from ungdom.workflow.derived.consents import ConsentInformation, MissingConsent, RecordedConsent


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
        hand_over=_hand_over(case, day, language) if case.youth.guardians_on(day) else None,
    )


def _consent_out(consent: RecordedConsent, language: texts.Language) -> ConsentOut:
    return from_source(
        ConsentOut,
        consent,
        label=texts.label(language, consent.kind),
        by_label=texts.label(language, consent.by),
        informed=_informed_out(consent.informed, language) if consent.informed else None,
        status_label=texts.label(language, consent.status),
        recipient_label=texts.label(language, consent.recipient) if consent.recipient else None,
        scope_label=texts.label(language, consent.scope) if consent.scope else None,
        purpose_label=texts.label(language, consent.purpose) if consent.purpose else None,
    )


def _informed_out(informed: ConsentInformation, language: texts.Language) -> InformedOut:
    return from_source(
        InformedOut,
        informed,
        missing=[NotToldOut(code=code, label=texts.label(language, code)) for code in informed.missing],
    )


def _lacking_out(lacking: MissingConsent, language: texts.Language) -> LackingOut:
    return from_source(
        LackingOut,
        lacking,
        by_label=texts.label(language, lacking.by),
        message=texts.label(language, lacking.why),
        advice=texts.text(language, "consent_advice", lacking.why),
        law="krl § 11",
    )


def _hand_over(case: Case, day: date, language: texts.Language) -> HandOverOut:
    passed = not case.under_age(day)
    advice = texts.text(language, "consent_advice", "hand_over" if passed else "hand_over_ahead")
    return HandOverOut(on=case.of_age_on, passed=passed, advice=advice)
