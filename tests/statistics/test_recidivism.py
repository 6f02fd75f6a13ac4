"""Recidivism on histories made by hand: what each definition says of one person, and what a table says of many.

The follow-up told here was transferred on 12 February 2025, began on 3 March and was completed on 1 July: the window of
`ssb_5y` ends on 12 February 2030, of `nordic_2y` on 3 March 2027, of `completion_2y` on 1 July 2027.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from tests.statistics.lives import case, life, observed, on
from tests.workflow.roads import case_at
from ungdom.analytics.cubes import TOTAL, Cube
from ungdom.analytics.definitions import RECIDIVISM_BY_CODE, RECIDIVISMS
from ungdom.analytics.recidivism import cubes, offences
from ungdom.analytics.recidivism.rules import Relapse
from ungdom.analytics.recidivism.spells import PersonHistory, RecidivismSpell, recidivism_spells
from ungdom.release.plan import BREAKDOWNS

COMPLETED = case_at("F R2", "plan_meeting_held", "2025-07-01 completed")
RUNNING = case_at("F R2", "plan_meeting_held")
SSB, NORDIC, COMPLETION = "ssb_5y", "nordic_2y", "completion_2y"


def told(one: PersonHistory, day: str) -> dict[str, RecidivismSpell]:
    """The spell of each definition, where there is one; there is no more than one."""
    found = list(recidivism_spells([one], on(day)))
    assert len({spell.definition for spell in found}) == len(found)
    return {spell.definition: spell for spell in found}


def outcomes(one: PersonHistory, day: str) -> dict[str, tuple[str, str | None]]:
    """How each definition says it came out, and the day of the relapse."""
    return {
        code: (str(spell.outcome), str(spell.relapsed_on) if spell.relapsed_on else None)
        for code, spell in told(one, day).items()
    }


CHARGED_LATE = (
    observed("charge", "2027-02-20", offence="2027-02-01", matter=1),
    observed("final_decision", "2027-09-01", offence="2027-02-01", matter=1),
)


def test_the_windows_begin_at_three_days_of_one_case() -> None:
    found = told(life(COMPLETED), "2025-08-01")
    assert {code: (str(one.index_date), str(one.window_end)) for code, one in found.items()} == {
        SSB: ("2025-02-12", "2030-02-12"),
        NORDIC: ("2025-03-03", "2027-03-03"),
        COMPLETION: ("2025-07-01", "2027-07-01"),
    }
    assert {one.outcome for one in found.values()} == {Relapse.WINDOW_OPEN}
    assert {one.seen_until for one in found.values()} == {on("2025-08-01")}


def test_a_charge_in_the_window_decided_after_it_waits_and_then_counts_on_the_day_of_the_act() -> None:
    seen_early = [one for one in CHARGED_LATE if one.occurred_on < on("2027-07-15")]
    assert outcomes(life(COMPLETED, observed=seen_early), "2027-07-15") == {
        SSB: ("relapsed_early", "2027-02-20"),
        NORDIC: ("pending", None),
        COMPLETION: ("pending", None),
    }
    assert outcomes(life(COMPLETED, observed=CHARGED_LATE), "2027-12-31") == {
        SSB: ("relapsed_early", "2027-02-20"),
        NORDIC: ("relapsed", "2027-02-01"),
        COMPLETION: ("relapsed", "2027-02-01"),
    }
    assert told(life(COMPLETED, observed=CHARGED_LATE), "2027-12-31")[NORDIC].decided_on == on("2027-09-01")


@pytest.mark.parametrize(
    ("offence", "relapses"),
    [("2025-03-03", False), ("2025-03-04", True), ("2027-03-03", True), ("2027-03-04", False)],
)
def test_the_day_of_the_act_has_to_lie_in_the_window_and_that_of_the_decision_does_not(
    offence: str, relapses: bool
) -> None:
    late = observed("final_decision", "2028-01-10", offence=offence)
    found = outcomes(life(RUNNING, observed=[late]), "2028-02-01")[NORDIC]
    assert found == (("relapsed", offence) if relapses else ("not_relapsed", None))


def test_a_charge_after_the_window_of_the_statistics_is_none() -> None:
    late = observed("charge", "2030-02-13", offence="2030-02-01")
    assert outcomes(life(COMPLETED, observed=[late]), "2030-03-01")[SSB] == ("not_relapsed", None)


def test_death_ends_the_observation_and_is_no_relapse() -> None:
    dead = observed("death", "2026-01-10")
    found = told(life(COMPLETED, observed=[dead]), "2031-01-01")
    assert {one.outcome for one in found.values()} == {Relapse.DIED}
    assert {one.seen_until for one in found.values()} == {on("2026-01-10")}
    assert found[NORDIC].at_risk_days == 313  # 3 March 2025 to 10 January 2026


def test_a_death_recorded_in_the_case_is_one_too() -> None:
    dead = case_at("F R2", "plan_meeting_held", "2025-04-10 lapsed {reason: death}")
    found = outcomes(life(dead), "2031-01-01")
    assert found == {SSB: ("died", None), NORDIC: ("died", None)}


def test_a_relapse_before_the_death_is_a_relapse() -> None:
    found = outcomes(life(COMPLETED, observed=[*CHARGED_LATE, observed("death", "2027-06-01")]), "2027-12-31")
    assert found[NORDIC] == ("relapsed", "2027-02-01")
    assert found[COMPLETION] == ("relapsed", "2027-02-01")


def test_who_moves_abroad_is_seen_until_then() -> None:
    gone = observed("emigration", "2026-03-03")
    one = told(life(COMPLETED, observed=[gone, *CHARGED_LATE]), "2028-01-01")[NORDIC]
    assert (one.outcome, one.seen_until, one.at_risk) == (Relapse.EMIGRATED, on("2026-03-03"), ((0, 365),))
    assert one.matured


def test_who_comes_back_is_at_risk_again_and_the_days_abroad_do_not_count() -> None:
    moves = [observed("emigration", "2026-03-03"), observed("immigration", "2026-06-11")]
    one = told(life(COMPLETED, observed=moves), "2028-01-01")[NORDIC]
    assert (one.outcome, one.at_risk) == (Relapse.NOT_RELAPSED, ((0, 365), (465, 730)))
    assert one.at_risk_days == 630
    back = told(life(COMPLETED, observed=[*moves, *CHARGED_LATE]), "2028-01-01")[NORDIC]
    assert (back.outcome, back.at_risk) == (Relapse.RELAPSED, ((0, 365), (465, 700)))


def test_who_was_abroad_from_the_beginning_was_never_at_risk() -> None:
    gone = observed("emigration", "2025-01-30")
    one = told(life(COMPLETED, observed=[gone]), "2028-01-01")[NORDIC]
    assert (one.outcome, one.at_risk, one.seen_until) == (Relapse.EMIGRATED, (), one.index_date)


def test_without_its_completion_a_case_is_no_origin_of_that_definition() -> None:
    assert set(told(life(RUNNING), "2028-01-01")) == {SSB, NORDIC}


def test_a_decision_that_was_set_aside_is_no_origin_at_all() -> None:
    fell = case_at("F R2", "plan_meeting_held", "2025-03-20 decision_set_aside {reason: complaint_upheld}")
    assert told(life(fell), "2028-01-01") == {}


def test_a_judgment_counts_once_it_is_final() -> None:
    assert told(life(case_at("S R2", "judgment_given")), "2028-01-01") == {}
    (one,) = told(life(case_at("S R2", "became_final")), "2028-01-01").values()
    assert (one.definition, one.index_date) == (SSB, on("2025-04-24"))


def test_a_person_with_two_origins_in_a_year_is_counted_once_by_the_first() -> None:
    second = case_at("S R2", "plan_meeting_held")
    found = list(recidivism_spells([life(COMPLETED, second)], on("2028-01-01")))
    assert [(one.definition, str(one.index_date)) for one in found] == [
        (SSB, "2025-02-12"),
        (NORDIC, "2025-03-03"),
        (COMPLETION, "2025-07-01"),
    ]


def test_a_person_with_origins_in_two_years_is_counted_in_both_and_the_second_is_a_relapse_of_the_first() -> None:
    earlier = case_at("F R1")
    found = [one for one in recidivism_spells([life(earlier, COMPLETED)], on("2031-01-01")) if one.definition == NORDIC]
    assert [str(one.index_date) for one in found] == [str(earlier.start.on if earlier.start else None), "2025-03-03"]
    first, second = found
    assert (first.outcome, first.relapsed_on) == (Relapse.RELAPSED, min(act.on for act in COMPLETED.offences))
    assert first.decided_on == on("2025-02-12")
    assert second.outcome is Relapse.NOT_RELAPSED


JOINT = (
    "2025-04-05 new_offence_recorded {offence_on: 2025-04-01, charged_on: 2025-04-04}",
    "2025-06-20 closed_after_new_offence {decision: joint_sentence, decided_on: 2025-06-18}",
)


def test_a_joint_sentence_is_a_relapse_by_the_new_act() -> None:
    found = outcomes(life(case_at("F R2", "plan_meeting_held", *JOINT)), "2028-01-01")
    assert found == {SSB: ("relapsed_early", "2025-04-04"), NORDIC: ("relapsed", "2025-04-01")}


def test_a_joint_sentence_may_tell_of_the_act_itself() -> None:
    closed = (
        "2025-06-20 closed_after_new_offence {decision: joint_sentence, decided_on: 2025-06-18, offence_on: 2025-05-02}"
    )
    one = told(life(case_at("F R2", "plan_meeting_held", closed)), "2028-01-01")[NORDIC]
    assert (one.relapsed_on, one.decided_on, one.dated) == (on("2025-05-02"), on("2025-06-18"), True)
    undated = case_at("F R2", "plan_meeting_held", closed.replace(", offence_on: 2025-05-02", ""))
    one = told(life(undated), "2028-01-01")[NORDIC]
    assert (one.relapsed_on, one.dated) == (on("2025-06-18"), False)


def test_a_joint_sentence_that_is_a_case_here_counts_by_the_acts_after_the_origin_alone() -> None:
    joined = case("S R2", "became_final", acts=["2025-01-10", "2025-03-15"])
    (one,) = [s for s in recidivism_spells([life(RUNNING, joined)], on("2028-01-01")) if s.definition == NORDIC]
    assert (one.relapsed_on, one.decided_on) == (on("2025-03-15"), on("2025-05-09"))


def test_the_act_of_the_case_itself_told_of_once_more_is_no_relapse() -> None:
    own = str(min(act.on for act in COMPLETED.offences))
    again = [observed("charge", "2025-03-10", offence=own), observed("final_decision", "2025-09-01", offence=own)]
    assert {outcome for outcome, _ in outcomes(life(COMPLETED, observed=again), "2031-01-01").values()} == {
        "not_relapsed"
    }


@pytest.mark.parametrize(
    ("end", "of_charge", "of_act"),
    [
        ({"kind": "dropped"}, None, None),
        ({"kind": "acquitted"}, None, None),
        ({"kind": "final_decision", "fined": True}, None, None),
        ({"kind": "final_decision"}, "2025-10-20", "2025-10-01"),
    ],
)
def test_what_a_charge_ends_with_decides_whether_it_counts(
    end: dict[str, Any], of_charge: str | None, of_act: str | None
) -> None:
    charge = observed("charge", "2025-10-20", offence="2025-10-01", matter=1)
    ended = observed(on="2026-02-01", matter=1, **end)  # by its number: the day of the act is not told again
    found = outcomes(life(COMPLETED, observed=[charge, ended]), "2031-01-01")
    assert {code: day for code, (_, day) in found.items()} == {SSB: of_charge, NORDIC: of_act, COMPLETION: of_act}


def test_of_two_matters_the_first_counts_and_one_that_ends_does_not_take_the_other_with_it() -> None:
    known = [
        observed("charge", "2025-10-20", offence="2025-10-01", matter=1),
        observed("dropped", "2026-02-01", matter=1),
        observed("charge", "2026-05-20", offence="2026-05-01", matter=2),
        observed("final_decision", "2026-09-01", matter=2),
        observed("final_decision", "2026-09-02", offence="2026-06-01", matter=3),
    ]
    assert outcomes(life(COMPLETED, observed=known), "2031-01-01") == {
        SSB: ("relapsed", "2026-05-20"),
        NORDIC: ("relapsed", "2026-05-01"),
        COMPLETION: ("relapsed", "2026-05-01"),
    }


def test_what_a_case_tells_of_matters_is_kept_and_read_back() -> None:
    for one in (COMPLETED, RUNNING, case_at("F R2", "plan_meeting_held", *JOINT), case_at("S R2")):
        trace = offences.case_offences(one)
        assert offences.load(offences.dump(trace)) == trace


# --- tables -------------------------------------------------------------------------------------------------


def many() -> Iterator[PersonHistory]:
    """Ten people of one case each: three relapse after 100, 200 and 300 days, one dies, one leaves, five do not."""
    start = on("2025-03-03").toordinal()
    ends: list[list[Any]] = [
        *([observed("final_decision", "2027-01-01", offence=date.fromordinal(start + n))] for n in (100, 200, 300)),
        [observed("death", date.fromordinal(start + 150))],
        [observed("emigration", date.fromordinal(start + 250))],
        *([] for _ in range(5)),
    ]
    for number, seen in enumerate(ends):
        person = UUID(int=number + 1)
        yield replace(life(COMPLETED, observed=[replace(one, person_id=person) for one in seen]), person_id=person)


def nordic(by: tuple[str, ...], day: str) -> Cube:
    gathered = cubes.spell_columns(by, RECIDIVISMS)
    for spell in recidivism_spells(many(), on(day)):
        gathered[spell.definition].add(spell, "female")
    return cubes.table(gathered[NORDIC], by, on(day))


def test_the_share_is_that_of_kaplan_and_meier_and_stands_beside_the_plain_one() -> None:
    cell = nordic((), "2027-06-01").at(())
    assert cell.counts == {
        "relapsed": 3,
        "not_relapsed": 5,
        "pending": 0,
        "relapsed_early": 0,
        "window_open": 0,
        "died": 1,
        "emigrated": 1,
    }
    # at risk: 10 on day 100, 8 on day 200 (one dead on 150), 6 on day 300 (one gone on 250)
    assert cell.estimates["km_24"] == pytest.approx(1 - 9 / 10 * 7 / 8 * 5 / 6)
    assert cell.estimates["km_12"] == cell.estimates["km_24"]
    # the dead cannot relapse: 1/10 + 9/10 x 1/9 … the one gone alone is censored
    assert cell.estimates["aj_24"] == pytest.approx(1 / 10 + 8 / 10 * 1 / 8 + 7 / 10 * 1 / 6)
    assert cell.estimates["share_of_matured"] == 3 / 8
    low, high = cell.estimates["km_24_low"], cell.estimates["km_24_high"]
    assert low
    assert high
    assert low < 1 - 9 / 10 * 7 / 8 * 5 / 6 < high


def test_before_the_window_is_over_nobody_is_dropped_and_no_share_is_told_that_nobody_was_seen_for() -> None:
    cell = nordic((), "2026-06-01").at(())
    assert sum(cell.counts.values()) == 10
    assert (cell.counts["window_open"], cell.counts["relapsed"]) == (8, 0)  # the decisions are not made yet
    assert (cell.estimates["km_12"], cell.estimates["km_24"], cell.estimates["share_of_matured"]) == (0.0, None, None)


@pytest.mark.parametrize("by", [one.dimensions for one in BREAKDOWNS], ids="-".join)
def test_every_table_adds_up_along_its_dimensions(by: tuple[str, ...]) -> None:
    day = on("2027-06-01")
    gathered = cubes.spell_columns(by, RECIDIVISMS)
    for spell in recidivism_spells(many(), day):
        gathered[spell.definition].add(spell, "male")
    assert len(gathered) == len(RECIDIVISMS) > 0
    for cube in (cubes.table(one, by, day) for one in gathered.values()):
        assert cube.version == RECIDIVISM_BY_CODE[cube.figure].version
        assert cube.at((TOTAL,) * len(by)).total == 10, cube.figure
        for key, parts in cube.sums():
            assert cube.at(key).total == sum(cube.at(part).total for part in parts), (cube.figure, key)


def test_people_come_in_their_order_and_each_spell_says_whose_it_is() -> None:
    found = list(recidivism_spells(many(), on("2027-06-01")))
    assert [one.person_id.int for one in found] == [n for n in range(1, 11) for _ in RECIDIVISMS]
    assert len({(one.person_id, one.definition, one.index_date) for one in found}) == len(found)
