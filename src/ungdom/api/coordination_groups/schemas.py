"""Schemas of coordination groups: who is notified for each agency before execution starts."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ungdom.api.http.inputs import EmailAddress, Input
from ungdom.api.http.schemas import Output
from ungdom.message.text import LineText
from ungdom.workflow import patterns
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.rules.alert_permissions import CONTACT_SUBJECT

MOST_CONTACTS = 50
"""The number of standing contacts of one konfliktråd at most."""

ContactAgency = Literal["police", "prosecution", "correctional_service", "school", "health", "child_welfare"]
"""The agencies that can have standing contacts: `coordination_group.AGENCIES`."""


def _sign_in(value: str) -> str:
    if value.startswith(CONTACT_SUBJECT) or patterns.holds_identity_number(value):
        raise PydanticCustomError("value_error", "is no sign-in")
    return value


class StandingContactIn(Input):
    """One standing contact. `subject`: how the contact signs in here, if they do; `email`: one e-mail a day.

    Without `email` the address that is known stays; null removes it.
    """

    agency: ContactAgency
    name: LineText
    subject: Annotated[str, Field(pattern=patterns.SUBJECT), AfterValidator(_sign_in)] | None = None
    email: EmailAddress | None = None
    language: Literal["nb", "nn", "en"] = "nb"


class CoordinationGroupIn(Input):
    """The group of a konfliktråd, whole: contacts that are left out are removed."""

    contacts: Annotated[list[StandingContactIn], Field(max_length=MOST_CONTACTS)]


class StandingContactOut(Output):
    """One standing contact. `reachable`: a notice reaches them, in the inbox here or by e-mail."""

    agency: Attendee
    agency_label: str
    name: str
    subject: str | None
    language: Literal["nb", "nn", "en"]
    has_address: bool
    reachable: bool
    updated_at: datetime


class CoordinationGroupOut(Output):
    """The coordination group of a konfliktråd. `missing`: the fixed members without a contact that can be reached."""

    konfliktrad: str
    konfliktrad_name: str
    contacts: list[StandingContactOut]
    missing: list[Attendee]


class CoordinationGroupList(Output):
    """The groups that the caller may read, by the code of the konfliktråd."""

    items: list[CoordinationGroupOut]
    next: str | None
