"""T32: what the team view says a viewer may learn, against every answer, alert and notice they can reach, both ways."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from tests.redaction.histories import CARRIES, MEMBERS, PLANTED, Told, Variant, nights, told, variants
from tests.samples import sampled
from tests.service import Client, Service
from ungdom.workflow.rules.sharing import Matter

DAYS = (date(2025, 9, 15), date(2026, 4, 1))
"""Before and after the 18th birthday, with every consent for a time run out and everything late."""

FIRST_NIGHT = date(2025, 7, 7)

CLOCKS: dict[str, Matter] = {
    "turns_18": Matter.IDENTITY,
    "pum_wished": Matter.PERSON_INVESTIGATION,
    "pum_renewal": Matter.PERSON_INVESTIGATION,
    "breach_talk": Matter.PROGRESS,
    "breach_talk_held": Matter.PROGRESS,
    "petition": Matter.PROGRESS,
    "ec_petition": Matter.PROGRESS,
    "ec_review": Matter.PROGRESS,
    "ec_end": Matter.PROGRESS,
    "complaint_plan": Matter.RIGHTS,
    "complaint_decision": Matter.RIGHTS,
    "complaint_follow_up": Matter.RIGHTS,
}
"""Written by hand: the clocks whose name or day tells more than a stage, a meeting or the headline."""

LISTS = ("/v1/cases", "/v1/alerts", "/v1/notices")
THEN = ("", "/events", "/timeline", "/plan", "/team", "/meetings", "/deadlines", "/lead-time", "/delay")
WHEN_SHARED = "2025-07-05"
"""A day on which every consent held: asked for that day, a viewer learns what they may learn today."""
EVERY = 10
"""One of so many histories is looked at; all of them with the thorough profile."""


@dataclass
class Found:
    """What was compared, and where the team view and an answer contradict each other."""

    answers: int = 0
    given: int = 0
    withheld: int = 0
    contradictions: list[str] = field(default_factory=list)


def case_routes(service: Service) -> list[str]:
    """The part after the case of every route that reads one, from the routes of the application itself."""
    paths = {
        context.path
        for context in iter_route_contexts(service.app.routes)
        if "GET" in (context.methods or ()) and context.path.startswith("/v1/cases/{case_id}")
    }
    return sorted(path.removeprefix("/v1/cases/{case_id}") for path in paths)


class Lists:
    """What a viewer is answered about all cases on one day, asked once: nothing is written between two cases."""

    def __init__(self, client: Client) -> None:
        self.rows = {path: client.get(path, limit=200).json()["items"] for path in LISTS}
        self.delays = client.get("/v1/delays", since="2025-01-01").text


def heard(client: Client, case: Told, routes: list[str], lists: Lists) -> dict[str, str]:
    """Everything that this viewer is answered about the case, body and headers."""
    answers = {}
    for route in routes:
        answer = client.get(f"/v1/cases/{case.id}{route}")
        open_still = route == "/archive" and answer.status_code == 409  # only a closed case is archived
        assert open_still or answer.status_code in (200, 403, 404), (route, answer.text)
        answers[route] = answer.text + str(answer.headers) if answer.status_code == 200 else ""
    for route in THEN:
        answer = client.get(f"/v1/cases/{case.id}{route}", valid_at=WHEN_SHARED)
        answers[f"{route} of then"] = answer.text if answer.status_code == 200 else ""
    for path in LISTS:
        answers[path] = "".join(rows_about(case, lists.rows[path]))
    answers["/v1/delays"] = lists.delays
    for alert in json.loads(f"[{answers['/v1/alerts']}]") if answers["/v1/alerts"] else []:
        detail = client.get(f"/v1/alerts/{alert['id']}")
        assert detail.status_code == 200, detail.text
        answers[f"/v1/alerts/{alert['code']}"] = detail.text
    return answers


def rows_about(case: Told, rows: list[dict[str, Any]]) -> Iterator[str]:
    """The rows about this case, as JSON, with commas between them."""
    mine = [row for row in rows if case.id in (row.get("id"), row.get("case"), row.get("case_id"))]
    return (("," if place else "") + json.dumps(row, separators=(",", ":")) for place, row in enumerate(mine))


def allowed_by_the_team_view(client: Client, case: Told, member: str) -> set[Matter]:
    """What the team view says that this viewer may learn. Without a view they may learn nothing."""
    answer = client.get(f"/v1/cases/{case.id}/team")
    if answer.status_code == 404:
        return set()
    view = answer.json()
    yours = {Matter(row["matter"]) for row in view["yours"] if row["allowed"]}
    for row in view["members"]:
        if row["member"] == member:
            assert {Matter(share["matter"]) for share in row["shares"] if share["allowed"]} == yours
        else:
            assert row["shares"] is None
    return yours


def may_stand(matter: Matter, allowed: set[Matter], member: str) -> bool:
    """Whether what is planted of this matter may stand in an answer to them. The school carries out one measure."""
    if matter is Matter.OWN_MEASURES:
        return Matter.PLAN in allowed or (matter in allowed and member == "school-1")
    return matter in allowed


def compare(client: Client, case: Told, member: str, routes: list[str], found: Found, lists: Lists) -> None:
    """Both ways: nothing that the team view withholds stands anywhere, and what it gives stands where it belongs."""
    allowed = allowed_by_the_team_view(client, case, member)
    answers = heard(client, case, routes, lists)
    found.answers += len(answers)
    where = f"{case.variant} {member}"
    for matter, words in PLANTED.items():
        if may_stand(matter, allowed, member):
            found.given += 1
            continue
        found.withheld += 1
        found.contradictions += [
            f"{where}: {matter} is withheld, {word} stands in {route or 'the case'}"
            for route, answer in answers.items()
            for word in words
            if word in answer
        ]
    found.contradictions += [
        f"{where}: {matter} is given, {word} is missing in {route or 'the case'}"
        for matter in allowed
        for route, word in CARRIES.get(matter, {}).items()
        if word not in answers[route]
    ]
    found.contradictions += [
        f"{where}: {CLOCKS[code]} is withheld, the clock {code} stands in {route or 'the case'}"
        for route, code in clocks_in(answers)
        if code in CLOCKS and CLOCKS[code] not in allowed
    ]


def clocks_in(answers: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Every clock that an alert, a notice or a deadline names."""
    if answers[""]:
        case: dict[str, Any] = json.JSONDecoder().raw_decode(answers[""])[0]
        named = [*(case["open_alerts"] or []), *([case["next_deadline"]] if case["next_deadline"] else [])]
        yield from (("", row["code"]) for row in named)
        deadlines = json.JSONDecoder().raw_decode(answers["/deadlines"])[0]
        yield from (("/deadlines", row["code"]) for row in deadlines["items"])
    for path in ("/v1/alerts", "/v1/notices"):
        yield from ((path, row["code"]) for row in json.loads(f"[{answers[path]}]"))
    yield from (("/v1/cases", row["next_due_code"]) for row in json.loads(f"[{answers['/v1/cases']}]"))


def compared(service: Service, chosen: list[Variant]) -> Found:
    """Every viewer of every one of these histories, before and after the youth is 18."""
    cases = [told(service, variant) for variant in chosen]
    found, routes = Found(), case_routes(service)
    viewers = [(f"{agency}-1", service.as_("team_member", subject=f"{agency}-1")) for agency in MEMBERS]
    viewers.append(("prosecution", service.as_("prosecution", "oslo")))
    for first, day in zip((FIRST_NIGHT, DAYS[1]), DAYS, strict=True):
        nights(service, first, day)
        service.clock.turn_to(day)
        for member, client in viewers:
            lists = Lists(client)
            for case in cases:
                compare(client, case, member, routes, found, lists)
    return found


OPEN = [variant for variant in variants() if variant.protection == "none"]
PROTECTED = [variant for variant in variants() if variant.protection != "none"]


@pytest.mark.parametrize("place", range(4))
def test_the_team_view_and_every_answer_agree_for_every_agency(
    one: Service, place: int, figure: Callable[[str], None]
) -> None:
    found = compared(one, sampled(OPEN[place::4], EVERY))

    assert found.contradictions == []
    assert min(found.given, found.withheld) > 100
    figure(
        f"T32 open {place}: {found.answers} answers, {found.given} matters given, {found.withheld} withheld, 0 against"
    )


def test_they_agree_where_the_address_is_protected(one: Service, figure: Callable[[str], None]) -> None:
    found = compared(one, sampled(PROTECTED, EVERY // 2))

    assert found.contradictions == []
    figure(f"T32 protected: {found.answers} answers, {found.given} matters given, {found.withheld} withheld, 0 against")


def test_they_agree_on_both_databases(served: Service) -> None:
    found = compared(served, [Variant("youth_follow_up", "breach", "for the school")])

    assert found.contradictions == []
    assert min(found.given, found.withheld) > 20


def test_a_planted_contradiction_is_found(one: Service) -> None:
    """The comparison itself: the answers of the office, read with what the school may learn."""
    case = told(one, Variant("youth_sanction", "execution", "none"))
    one.clock.turn_to(DAYS[0])
    leader, routes = one.as_("leader", "oslo"), set(PLANTED) - {Matter.CURRENT_STATUS}
    office = heard(leader, case, case_routes(one), Lists(leader))
    allowed = allowed_by_the_team_view(one.as_("team_member", subject="school-1"), case, "school-1")

    withheld = {matter for matter in routes if not may_stand(matter, allowed, "school-1")}
    assert len(withheld) > 10
    for matter in withheld:
        assert any(word in answer for word in PLANTED[matter] for answer in office.values()), matter
