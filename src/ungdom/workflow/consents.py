"""The consents of a case: who gave which, how they were informed, how each stands on a day, and who is missing.

krl § 11: consent to the sanction is real and informed, of the youth and, while they are under 18, of every guardian.
krl § 22 c: information is shared with consent; they are told what for and with whom. Pure: the day is handed in. Who
may learn what by these consents is asked of `sharing`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from ungdom.workflow import details as d
from ungdom.workflow.case import Case
from ungdom.workflow.details import Attendee, By, Sharing
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import Actor, EventType, Regime, Sanction

E = EventType
_TELL_THEMSELVES = frozenset({Actor.POLICE, Actor.PROSECUTION})


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
    ENDED_AT_18 = "ended_at_18"  # the guardian's: from the 18th birthday the youth alone decides
    NOT_INFORMED = "not_informed"  # it was explained after it was given


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
class Informed:
    """How somebody was informed before they consented, as far as it is recorded.

    `by`: the reference of a person, or the authority in whose name the consent was told: the explanation is then its
    own task (strpl § 71 a), and only what contradicts itself is wrong. `missing`: what is not recorded.
    """

    by: str | None
    on: date | None
    form_version: str | None
    language: str | None
    interpreter: bool
    questions_asked: bool
    missing: tuple[NotTold, ...]


@dataclass(frozen=True, slots=True)
class Consent:
    """The last word of one person on one matter.

    `guardian`: the reference of the guardian, never a name. `given_on`: None where they only refused. `until`: the last
    day it holds. `ended_on`: the day of the refusal or withdrawal, the last day of one given for a time, or the 18th
    birthday. `recipient`, `scope`, `purpose`: of a consent to share only.
    """

    kind: ConsentKind
    by: By
    guardian: str | None
    temporary: bool
    given_on: date | None
    informed: Informed | None
    until: date | None
    ended_on: date | None
    status: ConsentStatus
    recipient: Attendee | None = None
    scope: Sharing | None = None
    purpose: d.SharingPurpose | None = None


@dataclass(frozen=True, slots=True)
class Lacking:
    """Somebody whose consent the sanction needs and does not have: who, why, and since when."""

    by: By
    guardian: str | None
    why: ConsentLack
    since: date | None


# --- to the sanction ------------------------------------------------------------------------------------------------


def in_force(case: Case) -> tuple[bool, int]:
    """Whether the youth consents to the sanction, and how many guardians do. Two without a reference are two."""
    standing = [by for (by, _), (given, against) in _words(case).items() if given and not against]
    return By.YOUTH in standing, standing.count(By.GUARDIAN)


def to_the_sanction(case: Case, day: date) -> list[Consent]:
    """The last word of everybody who has said one, as it stands on that day."""
    words = _words(case)
    for event in case.all(E.CONSENT_WITHDRAWN):
        _against(words, event)
    return [_to_the_sanction(case, key, said, day) for key, said in words.items()]


def rests_on_consent(case: Case, day: date) -> bool:
    """Whether the sanction needs consent: youth follow-up always, the youth sanction in R0. krl § 11 last paragraph."""
    return case.sanction is Sanction.YOUTH_FOLLOW_UP or case.decision_regime(day) is Regime.R0


def lacking(case: Case, day: date) -> list[Lacking]:
    """Everybody whose consent the sanction needs on that day and does not have; nobody where it needs none."""
    if not rests_on_consent(case, day):
        return []
    said = to_the_sanction(case, day)
    youth = [one for one in said if one.by is By.YOUTH]
    guardians = [one for one in said if one.by is By.GUARDIAN]
    return [*_short(By.YOUTH, youth, 1), *_short(By.GUARDIAN, guardians, case.guardians_on(day))]


def _short(by: By, said: list[Consent], needed: int) -> Iterator[Lacking]:
    """Where fewer than so many consent: everybody whose consent does not hold, and as many as have said nothing."""
    wrong = [one for one in said if one.status is not ConsentStatus.VALID]
    left = needed - (len(said) - len(wrong))
    if left > 0:
        yield from (Lacking(by, one.guardian, ConsentLack(one.status), one.ended_on) for one in wrong)
        yield from (Lacking(by, None, ConsentLack.NOT_GIVEN, None) for _ in range(left - len(wrong)))


Key = tuple[By, str]
Said = tuple[Event | None, Event | None]


def _words(case: Case) -> dict[Key, Said]:
    """By person the consent given last, and what was said against it since. A guardian without a reference is one."""
    words: dict[Key, Said] = {}
    for event in case.all(E.CONSENT_GIVEN, E.CONSENT_REFUSED, E.CONSENT_REVOKED):
        if isinstance(event.details, d.ConsentGiven):
            words[_key(event.details, event.seq)] = (event, None)
        else:
            _against(words, event)
    return words


def _against(words: dict[Key, Said], event: Event) -> None:
    """A refusal or withdrawal; of a guardian who is not named, it counts against all of them."""
    said = event.details
    if not isinstance(said, d.ConsentBy):
        return
    if said.by is By.GUARDIAN and said.guardian is None:
        mine = [key for key in words if key[0] is By.GUARDIAN] or [_key(said, event.seq)]
    else:
        mine = [_key(said, event.seq)]
    words.update({key: (words.get(key, (None, None))[0], event) for key in mine})


def _key(said: d.ConsentGiven | d.ConsentBy, seq: int) -> Key:
    return (By.YOUTH, "") if said.by is By.YOUTH else (By.GUARDIAN, said.guardian or f"seq:{seq}")


def _to_the_sanction(case: Case, key: Key, said: Said, day: date) -> Consent:
    given, against = said
    by, name = key
    details = given.details if given and isinstance(given.details, d.ConsentGiven) else None
    consent = Consent(
        kind=ConsentKind.SANCTION,
        by=by,
        guardian=name if name and not name.startswith("seq:") else None,
        temporary=details.temporary if details else False,
        given_on=given.occurred_on if given else None,
        informed=_informed(given, details) if given and details else None,
        until=details.until if details else None,
        ended_on=against.occurred_on if against else None,
        status=_spoken(against),
    )
    return _by_the_day(case, consent, day)


def _spoken(against: Event | None) -> ConsentStatus:
    if against is None:
        return ConsentStatus.VALID
    return ConsentStatus.REFUSED if against.type is E.CONSENT_REFUSED else ConsentStatus.WITHDRAWN


def _by_the_day(case: Case, consent: Consent, day: date) -> Consent:
    """What the calendar and the information have made of a consent that nobody has taken back."""
    if consent.status is not ConsentStatus.VALID:
        return consent
    if consent.by is By.GUARDIAN and not case.under_age(day):
        return replace(consent, status=ConsentStatus.ENDED_AT_18, ended_on=case.of_age_on)
    if consent.until is not None and consent.until < day:
        return replace(consent, status=ConsentStatus.EXPIRED, ended_on=consent.until)
    late = consent.informed and consent.informed.on and consent.given_on and consent.informed.on > consent.given_on
    return replace(consent, status=ConsentStatus.NOT_INFORMED) if late else consent


def _informed(given: Event, said: d.ConsentGiven | d.SharingConsentGiven) -> Informed:
    told_by = given.actor if given.actor in _TELL_THEMSELVES else None
    sanction = said if isinstance(said, d.ConsentGiven) else None
    return Informed(
        by=said.explained_by or told_by,
        on=sanction.explained_on if sanction else None,
        form_version=said.form_version,
        language=said.language,
        interpreter=said.interpreter,
        questions_asked=sanction.questions_asked if sanction else False,
        missing=() if told_by else tuple(what for what in NotTold if getattr(said, what, what) is None),
    )


# --- to sharing -----------------------------------------------------------------------------------------------------


def to_sharing(case: Case, day: date) -> list[Consent]:
    """Every consent to share that was ever given: a person, a recipient and a scope each, as it stands on that day."""
    given = [e.details for e in case.all(E.SHARING_CONSENT_GIVEN) if isinstance(e.details, d.SharingConsentGiven)]
    recipients = [one for one in Attendee if any(one in said.recipients for said in given)]
    asked = ((agency, scope, by) for agency in recipients for scope in Sharing for by in By)
    return [one for agency, scope, by in asked for one in shared(case, by, agency, scope, day)]


def shared(case: Case, by: By, agency: Attendee, scope: Sharing, day: date) -> list[Consent]:
    """How the consents of the youth, or of each guardian by reference, to share this with this agency stand.

    Guardians without a reference count as one: nobody can tell whether two consents are of two of them. A withdrawal
    that does not say whose, or of one who is not known, is of all.
    """
    stands: dict[str, Consent] = {}
    for event in _told(case, by, day):
        said = event.details
        if isinstance(said, d.SharingConsentGiven) and agency in said.recipients and scope in said.scope:
            stands[_whose(said)] = _to_sharing(event, said, agency, scope)
        elif isinstance(said, d.SharingConsentWithdrawn) and (not said.recipients or agency in said.recipients):
            named = _whose(said)
            gone = [named] if named and named in stands else list(stands)
            stands |= {one: _taken_back(stands[one], event.occurred_on) for one in gone}
    return [_by_the_day(case, one, day) for one in stands.values()]


def _to_sharing(event: Event, said: d.SharingConsentGiven, agency: Attendee, scope: Sharing) -> Consent:
    return Consent(
        kind=ConsentKind.SHARING,
        by=said.by,
        guardian=said.guardian if said.by is By.GUARDIAN else None,
        temporary=False,
        given_on=event.occurred_on,
        informed=_informed(event, said),
        until=said.until,
        ended_on=None,
        status=ConsentStatus.VALID,
        recipient=agency,
        scope=scope,
        purpose=said.purpose,
    )


def _taken_back(consent: Consent, on: date) -> Consent:
    return replace(consent, status=ConsentStatus.WITHDRAWN, ended_on=on)


def _whose(said: d.SharingConsentGiven | d.SharingConsentWithdrawn) -> str:
    return (said.guardian or "") if said.by is By.GUARDIAN else ""


def _told(case: Case, by: By, day: date) -> list[Event]:
    """What they said by that day, in the order it happened; of one day, as it was recorded."""
    events = case.all(E.SHARING_CONSENT_GIVEN, E.SHARING_CONSENT_WITHDRAWN)
    theirs = [e for e in events if e.occurred_on <= day and getattr(e.details, "by", None) is by]
    return sorted(theirs, key=lambda event: (event.occurred_on, event.seq))
