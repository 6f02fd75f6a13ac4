"""Rows stored as JSON read as the values they were written from, and values are written as those rows."""

from datetime import date

import numpy as np
import pytest

from ungdom.analytics import case_facts, case_summaries
from ungdom.analytics.case_facts import CaseFacts, Interval
from ungdom.analytics.case_summaries import CaseSummary, Stay
from ungdom.analytics.contributions import CountContribution, DurationContribution
from ungdom.analytics.forecast.calibration import CalibrationBin
from ungdom.analytics.recidivism import offences
from ungdom.analytics.recidivism.offences import CaseOffences, OffenceRecord
from ungdom.store.codec import Codec
from ungdom.store.errors import DamagedValue
from ungdom.workflow.vocabulary import OffenceGroup, Party, Regime, Sanction, State

FACTS = (
    '[["youth_follow_up","oslo","R0",null,"property_theft","plan_signed","breach_closed",null,"2026-11-25"],'
    "[15,183,133,51,184,1,0,1],"
    "[738648,738880,738881,738881,738890,738921,738991,738991,739008,739009,739013,739020,null,739064,739064,739247,"
    "739190],"
    '["property_damage","property_theft"],'
    '[["registered",738881,738890],["executing",739064,739106],["interrupted",739106,null]],'
    '[["police",738881,738910],["prosecution",738910,null]],[[739106,739190],[739200,null]]]'
)
SUMMARY = (
    '[["youth_follow_up","oslo",null],[738881,739013,739064,null,739190],'
    '[["registered",738881,738881],["breach_closed",739190,739191]],'
    '{"team_attendance":[[739135,true,"police"],[739135,null,""]]},'
    '{"offence_to_start":[[738881,738880,739064,true,738880]],"first_measure_days":[[739064,739064,null,false,null]]}]'
)
OFFENCES = "[[[738648,738893,739008,false],[738880,null,null,true]],[[739100,null,739190,false]]]"


def day(number: int) -> date:
    return date.fromordinal(number)


def test_case_facts_keep_their_stored_shape() -> None:
    facts = CaseFacts(
        as_of=day(739300),
        sanction=Sanction.YOUTH_FOLLOW_UP,
        konfliktrad="oslo",
        police_district="Oslo",
        decision_regime=Regime.R0,
        pinned=None,
        offence_group=OffenceGroup.PROPERTY_THEFT,
        offence_groups=(OffenceGroup.PROPERTY_DAMAGE, OffenceGroup.PROPERTY_THEFT),
        age=15,
        first_offence=day(738648),
        last_offence=day(738880),
        in_view=day(738881),
        registered=day(738881),
        suspect=day(738890),
        indicted=day(738921),
        first_decided=day(738991),
        decided=day(738991),
        final=day(739008),
        dispatched=day(739009),
        received=day(739013),
        first_contact=day(739020),
        plan_meeting=None,
        plan_signed=day(739064),
        started=day(739064),
        start_rule="plan_signed",
        planned_end=day(739247),
        closed=day(739190),
        state=State.BREACH_CLOSED,
        closing=None,
        term_days=183,
        p1=133,
        p2=51,
        p3=184,
        unreported_days=1,
        breaches=0,
        new_offences=1,
        table="2026-11-25",
        stage_intervals=(
            Interval(State.REGISTERED, day(738881), day(738890)),
            Interval(State.EXECUTING, day(739064), day(739106)),
            Interval(State.INTERRUPTED, day(739106), None),
        ),
        wait_intervals=(
            Interval(Party.POLICE, day(738881), day(738910)),
            Interval(Party.PROSECUTION, day(738910), None),
        ),
        interruptions=(Interval("stop", day(739106), day(739190)), Interval("stop", day(739200), None)),
    )

    assert case_facts.load(FACTS, day(739300), {"oslo": "Oslo"}) == facts
    assert case_facts.dump(facts) == FACTS


def test_case_summaries_keep_their_stored_shape() -> None:
    summary = CaseSummary(
        sanction=Sanction.YOUTH_FOLLOW_UP,
        konfliktrad="oslo",
        coordinator=None,
        registered=day(738881),
        received=day(739013),
        started=day(739064),
        plan_meeting=None,
        closed=day(739190),
        stays=(
            Stay(State.REGISTERED, day(738881), day(738881)),
            Stay(State.BREACH_CLOSED, day(739190), day(739191)),
        ),
        counts={
            "team_attendance": [
                CountContribution(day(739135), True, "police"),
                CountContribution(day(739135), None),
            ]
        },
        durations={
            "offence_to_start": [DurationContribution(day(738881), day(738880), day(739064), True, day(738880))],
            "first_measure_days": [DurationContribution(day(739064), day(739064), None, False)],
        },
    )

    assert case_summaries.load(SUMMARY) == summary
    assert case_summaries.dump(summary) == SUMMARY


def test_offences_keep_their_stored_shape() -> None:
    record = CaseOffences(
        own=(
            OffenceRecord(day(738648), day(738893), day(739008)),
            OffenceRecord(day(738880), left=True),
        ),
        later=(OffenceRecord(day(739100), None, day(739190)),),
    )

    assert offences.load(OFFENCES) == record
    assert offences.dump(record) == OFFENCES


def test_bins_of_a_calibration_written_with_spaces_are_read() -> None:
    stored = '[{"predicted": 0.25, "observed": 0.5, "forecasts": 12}]'
    bins = (CalibrationBin(0.25, 0.5, 12),)
    codec = Codec(tuple[CalibrationBin, ...])

    assert codec.load(stored) == bins
    assert codec.dump(bins) == stored.replace(" ", "")


def test_numbers_of_a_curve_keep_their_stored_shape() -> None:
    codec = Codec(list[int])

    assert codec.load("[0,3,17]") == [0, 3, 17]
    assert codec.dump(np.array([0, 3, 17], dtype=np.int64).tolist()) == "[0,3,17]"


@pytest.mark.parametrize(
    "text",
    [
        SUMMARY.replace('"registered"', '"unheard_of"'),
        SUMMARY.replace("738881,739013", "738881,null,739013"),
        SUMMARY.replace("[739135,null", '["2024-10-01",null'),
    ],
    ids=["state", "days", "date"],
)
def test_a_row_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(DamagedValue):
        case_summaries.load(text)
