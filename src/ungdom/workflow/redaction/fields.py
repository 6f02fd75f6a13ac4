"""Each field of an answer about a case, with the matters and disclosures that a viewer must be allowed to learn. Pure.

A schema is named by its class in `api/`. A field that may not be learnt is null, an empty list or an empty mapping;
where the schema has no such value the whole object is left out. A schema or field without a row fails a test.
"""

from collections.abc import Mapping
from enum import Enum
from functools import cache

from ungdom.workflow.rules.permissions import Disclosure
from ungdom.workflow.rules.sharing import Matter


class Given(Enum):
    """Rules for fields that no single matter decides."""

    ALWAYS = "whoever sees the case"
    BY_ROW = "whoever learns the row: of an event, a clock, a meeting, a measure, a member or a task of one's own"
    OFFICE = "office and Secretariat only"


Gate = Matter | Disclosure | Given

M, D, G = Matter, Disclosure, Given
STAGES_AND_OFFENCE = (M.STAGE_DATES, M.OFFENCE)
Gates = Mapping[Gate | tuple[Gate, ...], str]

_ALERT: Gates = {
    G.BY_ROW: """
        id code label due days level level_label state state_label quiet_until reason reason_label parts raised_at
        cleared_at
    """
}
_COUNTERFACTUAL = "days on within"
_DELAY_SHARE = "party label days cases made_difference_in share"
_ALERTED_CASE = "case reference case_state case_state_label phase waiting_for"

CASE: dict[str, Gates] = {
    "AsOfOut": {G.ALWAYS: "on known_at"},
    "CaseOut": {
        G.ALWAYS: "id reference version as_of table_version",
        M.CURRENT_STATUS: "state state_label phase waiting_for next_deadline open_alerts",
        G.BY_ROW: "ended_by_closing",
        M.SANCTION: "sanction sanction_label regimes length",
        M.NAME_AND_BIRTH_YEAR: "person",
        M.OFFENCE: "first_offence last_offence",
        STAGES_AND_OFFENCE: "lead_time_days",
        M.STAGE_DATES: """
            registered_on received_on closed_on start start_dates planned_end adjusted_end interrupted_days served_days
            served_days_before_interruption finality set_aside_judgments completion
        """,
        M.PROGRESS: "breaches",
        D.OFFICE: "konfliktrad coordinator transfer_to team",
    },
    "RegimesOut": {M.SANCTION: "decision execution pinned"},
    "PersonOut": {
        M.NAME_AND_BIRTH_YEAR: "given_name family_name birth_year erased",
        M.IDENTITY: "id born guardians protection flags",
        M.ADDRESS: "reach",
    },
    "ReachOut": {M.ADDRESS: "municipality contact guardians"},
    "PersonContactOut": {M.ADDRESS: "telephone email address language"},
    "GuardianOut": {M.ADDRESS: "reference name contact kind since until in_place_of"},
    "StartOut": {M.STAGE_DATES: "date rule"},
    "StartDates": {M.STAGE_DATES: "plan_meeting plan_signed interim_conditions", M.PLAN: "first_measure"},
    "Finality": {M.STAGE_DATES: "date computed difference_days"},
    "LeadTimeDays": {STAGES_AND_OFFENCE: "P1 P3", M.STAGE_DATES: "P2"},
    "SetAsideJudgment": {M.STAGE_DATES: "judged_on set_aside_on"},
    "EndedOut": {G.BY_ROW: "seq type label occurred_on"},
    "CompletionOut": {M.STAGE_DATES: "received started completed"},
    "CaseRow": {
        G.ALWAYS: "case_id reference version",
        M.CURRENT_STATUS: "state phase waiting_for next_due_on next_due_code",
        M.SANCTION: "sanction",
        M.OFFENCE: "last_offence",
        M.STAGE_DATES: "registered_on received_on started_on adjusted_end closed_on",
        D.LISTED: "konfliktrad coordinator",
    },
    "CaseList": {G.ALWAYS: "items next prev total"},
    "DeadlineOut": {
        G.BY_ROW: "code label due unmoved stopped_on status late_days binding law who_is_late is_delay reasoned",
        M.STAGE_DATES: "begun_on known_on length notice_from",
    },
    "DeadlineList": {G.ALWAYS: "as_of items"},
    "LeadTimeOut": {
        G.ALWAYS: "as_of",
        M.OFFENCE: "first_offence last_offence",
        STAGES_AND_OFFENCE: "lead_time_days unreported_days p3_by_party",
        M.STAGE_DATES: """
            start planned_end adjusted_end interrupted_days total_days stages waits stage_days wait_days
        """,
        D.OFFICE: "offices",
    },
    "OfficeDays": {D.OFFICE: "konfliktrad since until days open stage_days wait_days"},
    "StageOut": {M.STAGE_DATES: "state since until days open"},
    "WaitIntervalOut": {M.STAGE_DATES: "party since until days state reason"},
    "DelayOut": {G.ALWAYS: "as_of", STAGES_AND_OFFENCE: "start", G.BY_ROW: "clocks"},
    "ClockDelayOut": {
        M.STAGE_DATES: """
            code label binding law begun_on due until status days allowed_days over_days before_registration_days parts
            causes parties sentences
        """,
        M.PERSON_INVESTIGATION: "person_investigation",
    },
    "PartOut": {M.STAGE_DATES: "party reason state days"},
    "CauseOut": {M.STAGE_DATES: f"party reason state label made_difference {_COUNTERFACTUAL}"},
    "PartyOut": {M.STAGE_DATES: f"party label {_COUNTERFACTUAL}"},
    "InvestigationOut": {M.PERSON_INVESTIGATION: f"recorded_days {_COUNTERFACTUAL}"},
    "ForecastList": {G.ALWAYS: "on as_of note calibration", G.BY_ROW: "items"},
    "ForecastOut": {
        M.STAGE_DATES: """
            code label stage stage_label begun_on due waited_days stage_days days_left standing standing_label message
            probability low high at_risk basis basis_label calibration
        """
    },
    "CalibrationOut": {G.ALWAYS: "until first_asked last_asked forecasts left share brier brier_of_share bins"},
    "BinOut": {G.ALWAYS: "predicted observed forecasts"},
}
"""The case, its stages and its deadlines."""

HISTORY: dict[str, Gates] = {
    "EventOut": {
        G.BY_ROW: """
            seq type label occurred_on occurred_at recorded_at actor role details standing corrected_by
        """,
        D.OFFICE: "subject source",
        M.STAGE_DATES: "state_after official_status",
    },
    "EventList": {G.ALWAYS: "items"},
    "OfficialStatusOut": {M.STAGE_DATES: "part code"},
    "EntryOut": {G.BY_ROW: "on mark code label until days seq status known_late law to_come"},
    "Timeline": {G.ALWAYS: "as_of items"},
    "OptionOut": {
        G.BY_ROW: "type label enabled suggested moves_to is_fact regime law actors unmet details_schema",
    },
    "OptionList": {G.ALWAYS: "items"},
    "UnmetOut": {G.BY_ROW: "code message law current needed who_can_fix earliest leads_there because"},
    "RecordedOut": {
        G.ALWAYS: "case seq type dry_run regime law before after followed_by undoing",
        M.STAGE_DATES: "official_status",
    },
    "CaseSnapshotOut": {
        G.ALWAYS: "version",
        M.CURRENT_STATUS: "state phase waiting_for next_due_on next_due_code",
        M.STAGE_DATES: "started_on planned_end adjusted_end",
    },
    "FollowedOut": {G.BY_ROW: "seq type label occurred_on"},
    "UndoingOut": {M.RIGHTS: "outcome message"},
}
"""The history, what may be recorded next, and what an event of one's own did."""

VIEWS: dict[str, Gates] = {
    "TeamOut": {
        G.ALWAYS: "as_of due yours",
        D.OFFICE: "coordinator",
        G.BY_ROW: "members",
        G.OFFICE: "mandatory group",
    },
    "GroupContactOut": {G.OFFICE: "agency agency_label name reachable"},
    "MemberOut": {G.BY_ROW: "member agency agency_label role role_label joined left channel shares"},
    "SeatOut": {G.OFFICE: "who label law taken advice"},
    "MatterAccessOut": {G.ALWAYS: "matter label allowed ground law", G.OFFICE: "reason message"},
    "PlanOut": {
        G.ALWAYS: "as_of shown",
        M.PLAN: "versions days_to_first_measure",
        G.BY_ROW: "measures",
    },
    "VersionOut": {
        M.PLAN: """
            number made_on by by_label measures load declared approved_on notified_on complaint_until superseded_on
        """
    },
    "PlannedOut": {
        M.PLAN: """
            measure code label kind provider provider_name hours_a_week since until intended_for intended_for_label
        """
    },
    "MeasureOut": {
        G.BY_ROW: """
            measure code label kind provider provider_name status status_label asked_on requested_on answered_on answer
            available_from started_on ended_on reason outcome outcome_label planned_until overdue days_to_answer
            days_from_answer days_waited
        """,
        M.ATTENDANCE: "attendance",
    },
    "AttendedOut": {M.ATTENDANCE: "attended absent_with_reason absent"},
    "MeetingsOut": {G.ALWAYS: "as_of", G.BY_ROW: "meetings", M.ATTENDANCE: "attendance"},
    "MeetingOut": {G.BY_ROW: "kind label on held", M.ATTENDANCE: "invited present absent required"},
    "AttendeeOut": {M.ATTENDANCE: "who label"},
    "RequiredOut": {M.ATTENDANCE: "who label law missing"},
    "AgencyOut": {M.ATTENDANCE: "agency label expected came"},
    "RestorativeOut": {G.ALWAYS: "as_of", M.RESTORATIVE: "track"},
    "TrackOut": {M.RESTORATIVE: "state label since events settled_on days_open waits days_before_start"},
    "TrackEventOut": {M.RESTORATIVE: "type label on"},
    "TrackWaitOut": {M.RESTORATIVE: "since until days reason"},
    "ConsentsOut": {G.ALWAYS: "as_of", M.RIGHTS: "rests_on_consent sanction sharing unmet hand_over"},
    "ConsentOut": {
        M.RIGHTS: """
            kind label by by_label guardian temporary given_on informed until ended_on status status_label recipient
            recipient_label scope scope_label purpose purpose_label
        """
    },
    "InformedOut": {M.RIGHTS: "by on form_version language interpreter questions_asked missing"},
    "NotToldOut": {M.RIGHTS: "code label"},
    "LackingOut": {M.RIGHTS: "by by_label guardian why message since advice law"},
    "HandOverOut": {M.IDENTITY: "on passed advice"},
    "BreachesOut": {
        G.ALWAYS: "as_of",
        G.BY_ROW: "items",
        M.RIGHTS: "heard",
        M.PROGRESS: "control_periods window",
    },
    "ChainOut": {G.BY_ROW: "type label occurred_on steps"},
    "ChainStepOut": {G.BY_ROW: "seq type label occurred_on days total_days details"},
    "HeardOut": {M.RIGHTS: "about label ground_on heard_on how how_label law"},
    "ControlOut": {M.PROGRESS: "since until review_from longest ended_on end extension"},
    "WindowOut": {M.PROGRESS: "end_of_term control_last last days_left sent_on open"},
    "ComplaintsOut": {G.ALWAYS: "as_of", M.RIGHTS: "decisions items"},
    "ComplainableOut": {
        M.RIGHTS: "seq type label about about_label decided_on notified_on last_day open complained_on to law"
    },
    "ComplaintOut": {
        M.RIGHTS: """
            about about_label filed_on decision last_day late to decided_on outcome outcome_label reinstated undone_by
            advice
        """
    },
}
"""The views of one case."""

LISTS: dict[str, Gates] = {
    "AlertBrief": _ALERT,
    "AlertOut": {**_ALERT, M.CURRENT_STATUS: _ALERTED_CASE},
    "AlertDetail": {**_ALERT, M.CURRENT_STATUS: _ALERTED_CASE, G.ALWAYS: "history"},
    "PartAnswerOut": {G.BY_ROW: "agency agency_label reason reason_label expected_on at"},
    "HappenedOut": {G.BY_ROW: "n change label for_date at role details", D.OFFICE: "subject"},
    "AlertList": {G.ALWAYS: "items next"},
    "NoticeOut": {
        G.BY_ROW: """
            id kind alert_id case_id reference state state_label phase code label level due days waiting_for text link
            at read_at ended_at agency reason expected_on
        """
    },
    "NoticeList": {G.ALWAYS: "items next"},
    "TaskOut": {
        G.BY_ROW: """
            kind label action action_label who who_labels since due days_left binding law open opens_on unmet
        """
    },
    "TaskList": {G.ALWAYS: "as_of items"},
    "NextDueOut": {G.BY_ROW: "code label due days_left"},
    "WorkRow": {
        G.ALWAYS: "id reference version",
        M.SANCTION: "sanction sanction_label",
        M.CURRENT_STATUS: "state state_label phase waiting_for next_deadline",
        D.LISTED: "konfliktrad coordinator",
        M.STAGE_DATES: "age_days waiting_since waiting_days",
        M.OFFENCE: "days_since_offence",
        M.IDENTITY: "turns_18_on turns_18_in_days",
        G.BY_ROW: "tasks",
    },
    "WorkTaskOut": {
        G.BY_ROW: """
            kind label action action_label who who_labels since due days_left binding law open opens_on unmet matches
        """
    },
    "WorkList": {G.ALWAYS: "on items next prev total", G.BY_ROW: "to_review"},
    "EmergencyTaskOut": {G.BY_ROW: "id case reference label taken_at due days_left"},
    "LateForecastOut": {G.ALWAYS: "on next prev", G.BY_ROW: "late later undated weeks items"},
    "LateWeekOut": {G.BY_ROW: "week since until cases"},
    "LateCaseOut": {
        G.ALWAYS: "id reference version",
        M.SANCTION: "sanction",
        M.CURRENT_STATUS: "state state_label",
        D.LISTED: "konfliktrad coordinator",
        G.BY_ROW: "due week task",
    },
    "TaskKindOut": {G.BY_ROW: "kind label actions who cases overdue"},
    "KindList": {G.ALWAYS: "items"},
    "GroupOut": {
        G.ALWAYS: "as_of since until next",
        G.BY_ROW: "cases started over_norm beyond_waits before_registration_days causes parties",
    },
    "DelayShareOut": {G.BY_ROW: _DELAY_SHARE},
    "CauseShareOut": {G.BY_ROW: f"{_DELAY_SHARE} reason state"},
}
"""Lists of cases, alerts, notices and tasks."""

ANSWERS: dict[str, Gates] = {**CASE, **HISTORY, **VIEWS, **LISTS}
"""Every schema of an answer about a case that somebody outside the office can reach."""


@cache
def gates_of(schema: str) -> dict[str, tuple[Gate, ...]] | None:
    """Per field of this schema what a viewer must be allowed to learn; None for a schema that is not about a case."""
    rows = ANSWERS.get(schema)
    if rows is None:
        return None
    return {
        name: gates if isinstance(gates, tuple) else (gates,) for gates, names in rows.items() for name in names.split()
    }
