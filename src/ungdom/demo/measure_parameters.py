"""The parameters of plans and measures in the synthetic case load.

Nothing has been published about them: they are chosen to resemble the reports of offices.
"""

from ungdom.demo.parameters import Spread
from ungdom.workflow.payloads import Attended, MeasureAnswer, MeasureEnd, MeasureOutcome, Need

R0_CODES: tuple[tuple[str, float], ...] = (
    ("meet_police_corrections", 20), ("residence_work_education", 22), ("programme", 20), ("community_tasks", 10),
    ("abstinence_testing", 14), ("curfew", 5), ("no_contact", 5), ("noneconomic_compensation", 4),
)  # fmt: skip
LATER_CODES: tuple[tuple[str, float], ...] = (
    ("conversation", 20), ("education_work_community", 22), ("programme_or_treatment", 22), ("reporting", 8),
    ("abstinence_testing", 12), ("curfew", 4), ("no_contact", 4), ("residence", 2), ("other_suitable", 4),
    ("noneconomic_compensation", 3),
)  # fmt: skip
COUNT: tuple[tuple[int, float], ...] = ((1, 0.3), (2, 0.4), (3, 0.22), (4, 0.08))
HOURS: dict[str, tuple[int, int]] = {
    "education_work_community": (6, 20), "residence_work_education": (6, 20), "community_tasks": (2, 5),
    "programme_or_treatment": (1, 3), "programme": (1, 3), "conversation": (1, 2), "other_suitable": (1, 4),
}  # fmt: skip
"""Minimum and maximum hours per week; other measures have no hours."""
PROVIDED_BY: dict[str, tuple[tuple[str, float], ...]] = {
    "education_work_community": (("skole", 0.6), ("nav", 0.4)),
    "residence_work_education": (("skole", 0.6), ("nav", 0.4)),
    "programme_or_treatment": (("kommunal_rustjeneste", 0.4), ("utekontakt", 0.3), ("bup", 0.3)),
    "programme": (("kommunal_rustjeneste", 0.5), ("utekontakt", 0.5)),
    "community_tasks": (("frivillig", 0.6), ("idrettslag", 0.4)),
    "other_suitable": (("idrettslag", 0.5), ("utekontakt", 0.5)),
    "conversation": (("politi", 0.7), ("kriminalomsorg", 0.3)),
    "meet_police_corrections": (("politi", 0.7), ("kriminalomsorg", 0.3)),
    "reporting": (("politi", 1.0),),
    "abstinence_testing": (("konfliktrad", 0.6), ("kommunal_rustjeneste", 0.4)),
    "noneconomic_compensation": (("konfliktrad", 1.0),),
}
"""The agencies that carry out each measure; other measures have no provider."""
NEED: dict[str, Need] = {
    "education_work_community": Need.SCHOOL_OR_WORK, "residence_work_education": Need.SCHOOL_OR_WORK,
    "programme_or_treatment": Need.VIOLENCE, "programme": Need.VIOLENCE, "community_tasks": Need.FRIENDS_AND_LEISURE,
    "other_suitable": Need.FRIENDS_AND_LEISURE, "conversation": Need.FAMILY, "meet_police_corrections": Need.STRUCTURE,
    "reporting": Need.STRUCTURE, "curfew": Need.STRUCTURE, "abstinence_testing": Need.SUBSTANCE_USE,
    "no_contact": Need.FRIENDS_AND_LEISURE, "residence": Need.HOUSING, "noneconomic_compensation": Need.RESTORING,
}  # fmt: skip
NEED_SAID = 0.7
NOTIFIED = Spread(2, 0.8)

ASKED_FOR = 0.62
"""Share of the measures of other agencies than police and konfliktråd that have to be requested."""
ANSWERS: tuple[tuple[MeasureAnswer, float], ...] = (
    (MeasureAnswer.OFFERED, 0.74), (MeasureAnswer.WAITING_LIST, 0.18), (MeasureAnswer.REFUSED, 0.08),
)  # fmt: skip
ANSWERED, WAITS, STARTED, ASKED_AGAIN = Spread(15, 0.7, 1), Spread(48, 0.5, 10), Spread(12, 0.8), Spread(6, 0.6, 1)
ELSEWHERE = 0.6
"""Share of refused requests that are sent to another provider."""
ENDS: tuple[tuple[MeasureEnd, float], ...] = (
    (MeasureEnd.CARRIED_OUT, 0.66), (MeasureEnd.STOPPED_BY_YOUTH, 0.12), (MeasureEnd.STOPPED_BY_PROVIDER, 0.05),
    (MeasureEnd.REPLACED, 0.05), (MeasureEnd.END_OF_TERM, 0.12),
)  # fmt: skip
LASTS_TO_THE_END = frozenset({MeasureEnd.CARRIED_OUT, MeasureEnd.END_OF_TERM})
OUTCOMES: dict[MeasureEnd, tuple[tuple[MeasureOutcome, float], ...]] = {
    MeasureEnd.CARRIED_OUT: (
        (MeasureOutcome.ACHIEVED, 0.58), (MeasureOutcome.PARTLY_ACHIEVED, 0.32), (MeasureOutcome.NOT_ACHIEVED, 0.1),
    ),
    MeasureEnd.END_OF_TERM: (
        (MeasureOutcome.ACHIEVED, 0.3), (MeasureOutcome.PARTLY_ACHIEVED, 0.45), (MeasureOutcome.NOT_ASSESSED, 0.25),
    ),
    MeasureEnd.STOPPED_BY_YOUTH: ((MeasureOutcome.NOT_ACHIEVED, 0.7), (MeasureOutcome.PARTLY_ACHIEVED, 0.3)),
    MeasureEnd.STOPPED_BY_PROVIDER: ((MeasureOutcome.NOT_ACHIEVED, 0.5), (MeasureOutcome.NOT_ASSESSED, 0.5)),
    MeasureEnd.REPLACED: ((MeasureOutcome.NOT_ASSESSED, 0.6), (MeasureOutcome.PARTLY_ACHIEVED, 0.4)),
}  # fmt: skip
END_FORGOTTEN = 0.01
"""Share of measures whose end is not recorded: the integrity checks report them."""
ATTENDANCE_KEPT, ATTENDANCE = 0.35, Spread(26, 0.4, 7)
ATTENDED: tuple[tuple[Attended, float], ...] = (
    (Attended.ATTENDED, 0.82), (Attended.ABSENT_WITH_REASON, 0.1), (Attended.ABSENT, 0.08),
)  # fmt: skip
CHANGED, LOWER_LOAD = 0.12, 0.4
