"""Time travel in requests: the day in the world and the instant of knowledge that a query asks about."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Query

from ungdom.api.http import inputs as i
from ungdom.workflow.calendar import last_moment

AsOfParams = Annotated[i.AsOf, Query()]


def instant(known_at: date | datetime | None) -> datetime | None:
    """The instant of knowledge: a date means the end of that day in Norway."""
    if known_at is None or isinstance(known_at, datetime):
        return known_at
    return last_moment(known_at)
