"""The words used in the details of events about plan and measures: closed lists."""

from enum import StrEnum


class PlanLoad(StrEnum):
    """The total load of the changed plan beside the old one. krl § 25 last paragraph."""

    LOWER = "lower"
    EQUAL = "equal"
    HIGHER = "higher"


class MeasureAnswer(StrEnum):
    """What the provider answered."""

    OFFERED = "offered"
    WAITING_LIST = "waiting_list"
    REFUSED = "refused"


class MeasureEnd(StrEnum):
    """How a measure ended."""

    CARRIED_OUT = "carried_out"
    STOPPED_BY_PROVIDER = "stopped_by_provider"
    STOPPED_BY_YOUTH = "stopped_by_youth"
    REPLACED = "replaced"
    END_OF_TERM = "end_of_term"
    CASE_CLOSED = "case_closed"


class MeasureOutcome(StrEnum):
    """What a measure that has ended came to, as the office and the provider see it."""

    ACHIEVED = "achieved"
    PARTLY_ACHIEVED = "partly_achieved"
    NOT_ACHIEVED = "not_achieved"
    NOT_ASSESSED = "not_assessed"


class Attended(StrEnum):
    """Whether the youth met for a measure."""

    ATTENDED = "attended"
    ABSENT_WITH_REASON = "absent_with_reason"
    ABSENT = "absent"


class Need(StrEnum):
    """What in the youth's life a measure is to help with: the plan is to fit the youth. krl § 25 first paragraph."""

    SCHOOL_OR_WORK = "school_or_work"
    SUBSTANCE_USE = "substance_use"
    HEALTH = "health"
    VIOLENCE = "violence"
    FAMILY = "family"
    FRIENDS_AND_LEISURE = "friends_and_leisure"
    HOUSING = "housing"
    RESTORING = "restoring"
    STRUCTURE = "structure"
