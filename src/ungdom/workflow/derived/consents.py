"""The consents of a case: who consented to what, how they were informed, the status on a day, and who is missing.

krl § 11: consent to the sanction must be real and informed, from the youth and, while they are under 18, from every
guardian. krl § 22 c: information is shared with consent, given after information on purpose and recipients. Pure: the
day is an argument. `sharing` decides which information these consents let somebody learn.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event
from ungdom.workflow.payloads import Attendee, By, Sharing
from ungdom.workflow.vocabulary import Actor, EventType, Regime, Sanction

E = EventType
ONE_GUARDIAN_IS_ONE = "2026-11-30"
"""First version of the table in which two consents without a name are of one guardian, if one is on record."""
_INFORMING_AUTHORITIES = frozenset({Actor.POLICE, Actor.PROSECUTION})


class ConsentKind(StrEnum):
    """What is consented to."""

    SANCTION = "sanction"  # krl § 11
    SHARING = "sharing"  # krl § 22 c


class ConsentStatus(StrEnum):
    """How a consent stands on a day."""

    VALID = "valid"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    ENDED_AT_18 = "ended_at_18"  # for a guardian: from the 18th birthday the youth alone decides
    NOT_INFORMED = "not_informed"  # the explanation was given after the consent


class NotTold(StrEnum):
    """What nobody has recorded of the information that a consent rests on."""

    EXPLAINED_BY = "explained_by"
    EXPLAINED_ON = "explained_on"
    FORM_VERSION = "form_version"
    LANGUAGE = "language"
    PURPOSE = "purpose"


class ConsentLack(StrEnum):
    """Why somebody who must consent does not."""

    NOT_GIVEN = "not_given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    NOT_INFORMED = "not_informed"


@dataclass(frozen=True, slots=True)
class ConsentInformation:
    """How somebody was informed before they consented, as far as it is recorded.

    `by`: the reference of a person, or the authority in whose name the consent was reported. In the latter case the
    explanation is that authority's own task (strpl § 71 a), and only contradictions are errors. `missing`: what is
    not recorded.
    """

    by: str | None
    on: date | None
    form_version: str | None
    language: str | None
    interpreter: bool
    questions_asked: bool
    missing: tuple[NotTold, ...]


@dataclass(frozen=True, slots=True)
class RecordedConsent:
    """The latest statement of one person about one consent.

    `guardian`: the reference of the guardian, never a name. `given_on`: None if they only refused. `until`: the
    last day on which it is valid. `ended_on`: the day of the refusal or withdrawal, the last day of a time-limited
    consent, or the 18th birthday. `recipient`, `scope`, `purpose`: only for a consent to share.
    """

    kind: ConsentKind
    by: By
    guardian: str | None
    temporary: bool
    given_on: date | None
    informed: ConsentInformation | None
    until: date | None
    ended_on: date | None
    status: ConsentStatus
    recipient: Attendee | None = None
    scope: Sharing | None = None
    purpose: d.SharingPurpose | None = None


@dataclass(frozen=True, slots=True)
class MissingConsent:
    """A person whose required consent to the sanction is missing: who, why, and since when."""

    by: By
    guardian: str | None
    why: ConsentLack
    since: date | None


# --- to the sanction ------------------------------------------------------------------------------------------------


def current_consents(case: Case) -> tuple[bool, int]:
    """Whether the youth consents to the sanction, and the number of guardians who do.

    Two consents of guardians without a reference count as two guardians if more than one is on record.
    """
    consenting = [by for (by, _), (given, against) in _events_by_person(case).items() if given and not against]
    return By.YOUTH in consenting, consenting.count(By.GUARDIAN)


def sanction_consents(case: Case, day: date) -> list[RecordedConsent]:
    """The latest statement of each person about the sanction, with its status on that day."""
    by_person = _events_by_person(case)
    for event in case.all(E.CONSENT_WITHDRAWN):
        _record_objection(case, by_person, event)
    return [_sanction_consent(case, key, events, day) for key, events in by_person.items()]


def rests_on_consent(case: Case, day: date) -> bool:
    """Whether the sanction needs consent: youth follow-up always, the youth sanction in R0. krl § 11 last paragraph."""
    return case.sanction is Sanction.YOUTH_FOLLOW_UP or case.decision_regime(day) is Regime.R0


def missing_consents(case: Case, day: date) -> list[MissingConsent]:
    """The missing consents to the sanction on that day; empty if the sanction needs no consent."""
    if not rests_on_consent(case, day):
        return []
    consents = sanction_consents(case, day)
    youth = [consent for consent in consents if consent.by is By.YOUTH]
    guardians = [consent for consent in consents if consent.by is By.GUARDIAN]
    return [*_missing_of(By.YOUTH, youth, 1), *_missing_of(By.GUARDIAN, guardians, case.guardians_on(day))]


def guardians_on_record(case: Case, day: date) -> int:
    """The greatest number of guardians there had been at one time until that day: each has a reference, g1 on."""
    changes = (number for since, number in case.youth.guardian_changes if since <= day)
    return max([case.youth.guardians, *changes])


def _missing_of(by: By, consents: list[RecordedConsent], needed: int) -> Iterator[MissingConsent]:
    """The missing consents if fewer than `needed` are valid: each invalid one; the remaining number as not given."""
    invalid = [consent for consent in consents if consent.status is not ConsentStatus.VALID]
    left = needed - (len(consents) - len(invalid))
    if left > 0:
        yield from (
            MissingConsent(by, consent.guardian, ConsentLack(consent.status), consent.ended_on) for consent in invalid
        )
        yield from (MissingConsent(by, None, ConsentLack.NOT_GIVEN, None) for _ in range(left - len(invalid)))


ConsentKey = tuple[By, str]
ConsentEvents = tuple[Event | None, Event | None]


def _events_by_person(case: Case) -> dict[ConsentKey, ConsentEvents]:
    """Per person, the last consent given and the objection recorded since (None if none).

    Each consent of a guardian without a reference counts as a person of its own.
    """
    by_person: dict[ConsentKey, ConsentEvents] = {}
    for event in case.all(E.CONSENT_GIVEN, E.CONSENT_REFUSED, E.CONSENT_REVOKED):
        if isinstance(event.details, d.ConsentGiven):
            by_person[_person_key(case, event.details, event)] = (event, None)
        else:
            _record_objection(case, by_person, event)
    return by_person


def _record_objection(case: Case, by_person: dict[ConsentKey, ConsentEvents], event: Event) -> None:
    """Record a refusal or withdrawal. One by a guardian who is not named applies to all guardians."""
    details = event.details
    if not isinstance(details, d.ConsentBy):
        return
    if details.by is By.GUARDIAN and details.guardian is None:
        keys = [key for key in by_person if key[0] is By.GUARDIAN] or [_person_key(case, details, event)]
    else:
        keys = [_person_key(case, details, event)]
    by_person.update({key: (by_person.get(key, (None, None))[0], event) for key in keys})


def _person_key(case: Case, details: d.ConsentGiven | d.ConsentBy, event: Event) -> ConsentKey:
    """Who it is. A guardian who is not named is the one on record, where there is one (`ONE_GUARDIAN_IS_ONE`)."""
    if details.by is By.YOUTH:
        return By.YOUTH, ""
    temporary = isinstance(details, d.ConsentGiven) and details.temporary
    on_record = guardians_on_record(case, event.occurred_on)
    only = on_record == 1 and not temporary and law.holds(case.table, ONE_GUARDIAN_IS_ONE, None)
    return By.GUARDIAN, details.guardian or ("g1" if only else f"seq:{event.seq}")


def _sanction_consent(case: Case, key: ConsentKey, events: ConsentEvents, day: date) -> RecordedConsent:
    given, against = events
    by, name = key
    details = given.details if given and isinstance(given.details, d.ConsentGiven) else None
    consent = RecordedConsent(
        kind=ConsentKind.SANCTION,
        by=by,
        guardian=name if name and not name.startswith("seq:") else None,
        temporary=details.temporary if details else False,
        given_on=given.occurred_on if given else None,
        informed=_information(given, details) if given and details else None,
        until=details.until if details else None,
        ended_on=against.occurred_on if against else None,
        status=_status_after(against),
    )
    return _status_on(case, consent, day)


def _status_after(against: Event | None) -> ConsentStatus:
    if against is None:
        return ConsentStatus.VALID
    return ConsentStatus.REFUSED if against.type is E.CONSENT_REFUSED else ConsentStatus.WITHDRAWN


def _status_on(case: Case, consent: RecordedConsent, day: date) -> RecordedConsent:
    """The consent with its status on that day: ended at 18, expired, not informed, or as it was."""
    if consent.status is not ConsentStatus.VALID:
        return consent
    if consent.by is By.GUARDIAN and not case.under_age(day):
        return replace(consent, status=ConsentStatus.ENDED_AT_18, ended_on=case.of_age_on)
    if consent.until is not None and consent.until < day:
        return replace(consent, status=ConsentStatus.EXPIRED, ended_on=consent.until)
    late = consent.informed and consent.informed.on and consent.given_on and consent.informed.on > consent.given_on
    return replace(consent, status=ConsentStatus.NOT_INFORMED) if late else consent


def _information(given: Event, details: d.ConsentGiven | d.SharingConsentGiven) -> ConsentInformation:
    informed_by = given.actor if given.actor in _INFORMING_AUTHORITIES else None
    sanction = details if isinstance(details, d.ConsentGiven) else None
    return ConsentInformation(
        by=details.explained_by or informed_by,
        on=sanction.explained_on if sanction else None,
        form_version=details.form_version,
        language=details.language,
        interpreter=details.interpreter,
        questions_asked=sanction.questions_asked if sanction else False,
        missing=() if informed_by else tuple(what for what in NotTold if getattr(details, what, what) is None),
    )


# --- to sharing -----------------------------------------------------------------------------------------------------


def sharing_consents(case: Case, day: date) -> list[RecordedConsent]:
    """Every consent to share ever given, one per person, recipient and scope, with its status on that day."""
    given = [details for _, details in case.payloads(d.SharingConsentGiven)]
    recipients = [item for item in Attendee if any(item in details.recipients for details in given)]
    combinations = ((agency, scope, by) for agency in recipients for scope in Sharing for by in By)
    return [item for agency, scope, by in combinations for item in sharing_consents_for(case, by, agency, scope, day)]


def sharing_consents_for(case: Case, by: By, agency: Attendee, scope: Sharing, day: date) -> list[RecordedConsent]:
    """The consents of the youth, or of each guardian by reference, to share this scope with this agency.

    Consents of guardians without a reference count as one guardian, because it is unknown whether they are
    different people. A withdrawal without a reference, or with an unknown one, applies to all.
    """
    by_guardian: dict[str, RecordedConsent] = {}
    for event in case.until(day, E.SHARING_CONSENT_GIVEN, E.SHARING_CONSENT_WITHDRAWN):
        details = event.details
        if not isinstance(details, d.SharingConsentGiven | d.SharingConsentWithdrawn) or details.by is not by:
            continue
        guardian = (details.guardian or "") if by is By.GUARDIAN else ""
        if isinstance(details, d.SharingConsentGiven):
            if agency in details.recipients and scope in details.scope:
                by_guardian[guardian] = _sharing_consent(event, details, agency, scope)
        elif not details.recipients or agency in details.recipients:
            keys = [guardian] if guardian and guardian in by_guardian else list(by_guardian)
            status, on = ConsentStatus.WITHDRAWN, event.occurred_on
            by_guardian |= {key: replace(by_guardian[key], status=status, ended_on=on) for key in keys}
    return [_status_on(case, item, day) for item in by_guardian.values()]


def _sharing_consent(event: Event, details: d.SharingConsentGiven, agency: Attendee, scope: Sharing) -> RecordedConsent:
    return RecordedConsent(
        kind=ConsentKind.SHARING,
        by=details.by,
        guardian=details.guardian if details.by is By.GUARDIAN else None,
        temporary=False,
        given_on=event.occurred_on,
        informed=_information(event, details),
        until=details.until,
        ended_on=None,
        status=ConsentStatus.VALID,
        recipient=agency,
        scope=scope,
        purpose=details.purpose,
    )
