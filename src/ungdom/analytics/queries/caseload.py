"""The caseload of one konfliktråd, or of all of them and the country."""

from dataclasses import dataclass
from datetime import date, datetime

from ungdom.analytics import case_cache, caseload
from ungdom.analytics.case_cache import AT_MOST, CaseSelection
from ungdom.analytics.caseload import Caseload
from ungdom.analytics.forecast.curves import WINDOW
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date


@dataclass(frozen=True, slots=True)
class CaseloadResult:
    """The caseload, and the number of unreadable cases."""

    load: Caseload
    unread: int


def read_caseload(
    tx: Connection,
    now: datetime,
    only: str | None = None,
    as_of: tuple[date | None, datetime | None] = (None, None),
    at_most: int | None = AT_MOST,
) -> CaseloadResult:
    """The caseload now or as of a day, read in one snapshot; `only`: of that konfliktråd. Raises `TooManyCases`."""
    valid_at, known_at = as_of
    day = valid_at or oslo_date(known_at or now)
    selection = CaseSelection(valid_at, known_at, since=day - WINDOW, at_most=at_most)
    load = caseload.count_caseload(case_cache.read(tx, selection), day, only)
    return CaseloadResult(load, selection.unread)
