"""Base class and types of request bodies and queries: unknown fields are rejected, and dates have one form."""

import re
from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from ungdom.message.text import LineText
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.errors import BadDetails
from ungdom.workflow.events import FIRST_YEAR, LAST_YEAR, YEARS, implausible
from ungdom.workflow.payloads.base import ends_before_it_begins
from ungdom.workflow.vocabulary import EventType

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


# --- days and numbers ------------------------------------------------------------------------------------------------


def _day(value: object) -> object:
    if isinstance(value, str) and _DATE.fullmatch(value):
        return _parse_calendar(value)
    raise PydanticCustomError("date_parsing", "is not a date")


def _day_or_instant(value: object) -> object:
    text = value.upper() if isinstance(value, str) else ""
    if not _INSTANT.fullmatch(text):
        return _day(value)
    moment = _parse_calendar(text)
    if moment.tzinfo is None:
        raise PydanticCustomError("timezone_missing", "has no offset from UTC")
    return moment


def _parse_calendar(text: str) -> Any:
    try:
        parsed = date.fromisoformat(text) if _DATE.fullmatch(text) else datetime.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("date_parsing", "is not in the calendar") from None
    if not FIRST_YEAR <= parsed.year <= LAST_YEAR:
        raise PydanticCustomError("date_out_of_range", "is too far away", dict(YEARS))
    return parsed


CivilDay = Annotated[date, BeforeValidator(_day)]
"""A civil date, `2025-05-08` and in no other form."""
Day = Annotated[date | datetime, BeforeValidator(_day_or_instant)]
"""A civil date, or an instant with its offset where the hour matters: the date is then the one in Norway."""


def day_of(value: date) -> tuple[date, datetime | None]:
    """The Oslo date, and the instant when one was given."""
    return (oslo_date(value), value) if isinstance(value, datetime) else (value, None)


def plausible(kind: EventType, details: dict[str, Any]) -> dict[str, Any]:
    """The details, if no date and no number in them leaves the calendar. Raises `BadDetails`."""
    problems = list(implausible(details))
    if problems:
        raise BadDetails(kind, problems)
    return details


# --- addresses -------------------------------------------------------------------------------------------------------


_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"

_ADDRESS = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@(?:{_LABEL}\.)+[A-Za-z]{{2,63}}", re.ASCII)

LONGEST_ADDRESS = 254


def _address(value: str) -> str:
    if len(value) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(value):
        raise PydanticCustomError("email_address", "is no e-mail address")
    return value


EmailAddress = Annotated[LineText, AfterValidator(_address)]
"""An e-mail address of people who work with cases."""


# --- bodies and queries -------------------------------------------------------------------------------------------


DEFAULT_LIMIT, MAX_LIMIT = 50, 200
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT)]
"""How many items a page has at most: one rule for every list."""


class Input(BaseModel):
    """What comes in."""

    model_config = ConfigDict(extra="forbid")


Checked = TypeVar("Checked", bound=BaseModel)


def in_order(first: str, last: str) -> Callable[[Checked], Checked]:
    """For `model_validator(mode="after")`: the last day does not lie before the first, where both are given."""

    def check(given: Checked) -> Checked:
        since, until, fields = getattr(given, first), getattr(given, last), type(given).model_fields
        if since and until and until < since:
            raise ends_before_it_begins(fields[first].alias or first, fields[last].alias or last)
        return given

    return check


def listed(values: Collection[str]) -> AfterValidator:
    """Accepts one of these values; the error names all of them."""

    def check(value: str) -> str:
        if value not in values:
            raise PydanticCustomError("enum", "is not on the list", {"allowed": list(values)})
        return value

    return AfterValidator(check)


class NoQuery(Input):
    """Nothing is asked in the address."""


class DryRun(Input):
    """`dry_run`: answer with what would change, and write nothing."""

    dry_run: bool = False


class AsOf(Input):
    """Time travel: as it was on a day in the world, as known at an instant (a date: the end of that day in Norway)."""

    valid_at: CivilDay | None = None
    known_at: Day | None = None
