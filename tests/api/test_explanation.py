"""A number is explained: its definition, where its rows are, and what changed since the last release; parts add up."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.api.build import assert_problem
from tests.extracts.world import NOW
from tests.intake.test_order import record
from tests.service import Service, sqlite_copy
from tests.statistics import waits
from tests.stories import places
from tests.stories.places import brought
from tests.workflow.roads import lines
from ungdom.analytics import case_cache, definitions, outcomes
from ungdom.analytics.completions import COMPLETION_BY_CODE
from ungdom.analytics.queries import explanation
from ungdom.release import build, store
from ungdom.release.plan import RELEASE_PLAN, Breakdown, FigureGroup, Finest
from ungdom.store.encryption import EncryptionKeys
from ungdom.workflow.calendar import last_moment

PATH = "/v1/statistics/explanation"
YEARS = {"from": "2016-01-01", "to": "2026-01-05"}
THEN = date(2025, 6, 2)
CODES = ("p1", "p2", "p3", "completion.received", "completion.started", "completion.closed")


def few() -> Iterator[FigureGroup]:
    """What is released here."""
    yield from (
        replace(one, breakdowns=(Breakdown(Finest.YEAR),))
        for one in RELEASE_PLAN
        if one.population == "completion.started"
    )


@pytest.fixture(scope="module")
def loaded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A load that is released on an earlier day and goes on, with late registrations and corrections."""
    folder = tmp_path_factory.mktemp("explanation")
    with Service(sqlite_copy(sqlite_template, folder), folder) as running, pytest.MonkeyPatch.context() as patch:
        load = waits.load(200, 3)
        waits.write(running.db, load, THEN)
        patch.setattr(build, "RELEASE_PLAN", tuple(few()))
        store.release(running.db, waits.KEYS, last_moment(THEN), NOW)
        waits.go_on(running.db, load, THEN)
        case_cache.refresh(running.db)
        yield running


def asked(service: Service, office: str | None = None, **query: Any) -> dict[str, Any]:
    answer = service.as_("coordinator" if office else "secretariat", office).get(PATH, **YEARS, **query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def counts(service: Service, code: str, **query: Any) -> dict[str, int]:
    family = "completion" if code.startswith("completion") else "lead-time"
    found = service.as_("secretariat").get(f"/v1/statistics/{family}", **YEARS, statistic=code, **query).json()
    cells = found["items"][0]["cells"]
    return {ending: count for ending, count in cells[0]["counts"].items() if count} if cells else {}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("where", [{}, {"sanction": "youth_follow_up"}, {"konfliktrad": "oslo"}])
def test_the_parts_add_up_to_what_the_figures_say_then_and_now(
    loaded: Service, code: str, where: dict[str, str]
) -> None:
    found = asked(loaded, statistic=code, **where)
    then = counts(loaded, code, known_at=str(THEN), valid_at=str(THEN), **where)
    assert {one["ending"]: one["now"] for one in found["items"] if one["now"]} == counts(loaded, code, **where)
    assert {one["ending"]: one["then"] for one in found["items"] if one["then"]} == then
    for one in found["items"]:
        assert one["now"] == one["then"] + sum(part["net"] for part in one["parts"])
        assert all(part["net"] == part["joined"] - part["left"] for part in one["parts"])
    assert found["definition"]["code"] == code


def by_reason(found: dict[str, Any]) -> dict[tuple[str, str], int]:
    """The net of each ending and reason, where there is one."""
    parts = ((one["ending"], part["reason"], part["net"]) for one in found["items"] for part in one["parts"])
    return {(ending, reason): net for ending, reason, net in parts if net}


def test_at_the_release_itself_nothing_has_changed(loaded: Service) -> None:
    found = asked(loaded, statistic="completion.started")
    assert found["released_definition"] == found["definition"]["definition"]
    assert asked(loaded, statistic="p1")["released_definition"] is None
    assert found["rows"]["condition"] == "started_on between 2016-01-01 and 2026-01-05"
    assert by_reason(found)
    assert {reason for _, reason in by_reason(found)} <= {"new", "late_registered", "corrected"}
    then = asked(loaded, statistic="completion.started", known_at=str(THEN), valid_at=str(THEN))
    assert by_reason(then) == {}


def test_late_corrected_and_new_are_told_apart(served: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Known open at the release: completed before it, told after it. Another registered after it. A third goes on."""
    first, _ = brought(served, "F R2", "plan_meeting_held")
    third, _ = brought(served, "F R2", "plan_meeting_held", born=date(2008, 4, 2))
    served.clock.turn_to(date(2025, 7, 20))
    monkeypatch.setattr(build, "RELEASE_PLAN", tuple(few()))
    store.release(served.db, EncryptionKeys.of(served.settings), last_moment(date(2025, 7, 15)), served.clock())
    record(served, first, ("completed", "2025-07-01", {}))
    late = [line._replace(known=date(2025, 7, 20)) for line in lines("F R2", "plan_meeting_held")]
    monkeypatch.setattr(places, "lines", lambda *_: late)
    brought(served, "F R2", "plan_meeting_held", born=date(2008, 5, 2))
    served.clock.turn_to(date(2025, 8, 5))
    record(served, third, ("completed", "2025-08-04", {}))
    found = asked(served, statistic="completion.started")
    assert {one["ending"]: (one["then"], one["now"]) for one in found["items"]} == {"open": (2, 1), "completed": (0, 2)}
    assert by_reason(found) == {
        ("open", "late_registered"): 1,
        ("open", "corrected"): -1,
        ("completed", "corrected"): 1,
        ("open", "new"): -1,
        ("completed", "new"): 1,
    }


def test_without_a_release_nothing_has_changed_since_it(loaded: Service) -> None:
    found = asked(loaded, statistic="p2", known_at="2024-12-31")
    assert found["release"] is None
    assert {one["then"] for one in found["items"]} == {None}
    assert [one["parts"] for one in found["items"]] == [[]] * len(found["items"])


def redefined(monkeypatch: pytest.MonkeyPatch, earlier: bool) -> None:
    """As if the second version of completion of those started counted those that were received."""
    now = COMPLETION_BY_CODE["completion.started"]
    second = replace(now, version=2, cohort_day=outcomes.received, changed=("counts those received",))
    monkeypatch.setitem(explanation.COMPLETION_BY_CODE, now.code, second)
    kept_rows = {(now.code, 1): now} if earlier else {}
    monkeypatch.setattr(definitions, "EARLIER_DEFINITIONS", kept_rows)


def test_what_a_new_version_counts_otherwise_is_a_part_of_its_own(
    loaded: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = asked(loaded, statistic="completion.started")
    assert before["redefinition"] == "none"
    assert {part["net"] for one in before["items"] for part in one["parts"] if part["reason"] == "redefined"} == {0}
    received = asked(loaded, statistic="completion.received")
    redefined(monkeypatch, earlier=True)
    after = asked(loaded, statistic="completion.started")
    assert after["redefinition"] == "counted"
    started_then = {one["ending"]: one["then"] for one in before["items"] if one["then"]}
    assert {one["ending"]: one["then"] for one in after["items"] if one["then"]} == started_then
    assert {one["ending"]: one["now"] for one in after["items"]} == {
        one["ending"]: one["now"] for one in received["items"]
    }
    nets = by_reason(after)
    for one in after["items"]:
        assert one["now"] == one["then"] + sum(part["net"] for part in one["parts"])
        expected = {item["ending"]: item["then"] for item in received["items"]}[one["ending"]] - one["then"]
        assert nets.get((one["ending"], "redefined"), 0) == expected
    assert any(reason == "redefined" for _, reason in nets)


def test_a_version_that_cannot_be_computed_any_more_is_redefined_in_whole(
    loaded: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    received = asked(loaded, statistic="completion.received")
    redefined(monkeypatch, earlier=False)
    after = asked(loaded, statistic="completion.started")
    assert (after["redefinition"], after["released_definition"]) == ("in_whole", 1)
    assert [one["then"] for one in after["items"]] == [one["then"] for one in received["items"]]
    assert not any(reason == "redefined" for _, reason in by_reason(after))


def test_an_office_explains_its_own(loaded: Service) -> None:
    assert asked(loaded, "oslo")["items"] == asked(loaded, konfliktrad="oslo")["items"]
    coordinator = loaded.as_("coordinator", "oslo")
    assert coordinator.get(PATH, **YEARS, konfliktrad="agder").status_code == 403
    assert_problem(loaded.as_("secretariat").get(PATH, **YEARS, konfliktrad="nowhere"), 422, "invalid_input")
    assert loaded.as_("analyst").get(PATH, **YEARS).status_code == 403
