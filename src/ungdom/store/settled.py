"""When the events of a day can no longer change: a transaction may be committed after the instant that it records."""

from datetime import date, datetime, timedelta

from ungdom.workflow.calendar import oslo_date

COMMIT_LAG = timedelta(minutes=10)
"""An event recorded at an instant may be committed up to this much later: `known_at` must lie this far back."""


def last_settled_day(now: datetime) -> date:
    """The last day that is over and settled: yesterday, and in the first minutes after midnight the day before."""
    return oslo_date(now - COMMIT_LAG) - timedelta(days=1)
