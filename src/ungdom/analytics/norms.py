"""Office norms for figures: dated, never law. The norms for clocks of single cases are in `law`."""

from ungdom.workflow.calendar import Length
from ungdom.workflow.law import FIRST, OFFICE, Dated
from ungdom.workflow.vocabulary import Phase, Sanction

FIRST_MEASURE = Dated(((FIRST, Length(days=30)),), "days", OFFICE)
"""From the start of execution to the first measure of the plan."""

PHASE_WEIGHT = Dated(
    (
        (
            FIRST,
            {
                Phase.INVESTIGATION: 0.1,
                Phase.CONSENT: 0.25,
                Phase.DECISION: 0.1,
                Phase.PLAN: 1.0,
                Phase.EXECUTION: 0.8,
                Phase.BREACH: 1.6,
                Phase.COMPLETION: 0.0,
            },
        ),
    ),
    "times the work of preparing a plan",
    OFFICE,
)
"""The workload of an open case for its coordinator, by phase."""

SANCTION_WEIGHT = Dated(
    ((FIRST, {Sanction.YOUTH_FOLLOW_UP: 1.0, Sanction.YOUTH_SANCTION: 1.5}),), "times a youth follow-up", OFFICE
)
"""A youth sanction involves more participants, and more tests and reports."""
