"""Schemas of consents."""

from datetime import date

from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.workflow.derived.consents import ConsentKind, ConsentLack, ConsentStatus, NotTold
from ungdom.workflow.payloads import Attendee, By, Sharing, SharingPurpose


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
