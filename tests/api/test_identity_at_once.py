"""Identity at the same moment: two openings, two answers, an opening and an answer. None overlooks what another writes.

Each step that decides on what is stored is followed by a barrier: where nothing keeps the two apart both get there, and
where one waits for the other the barrier gives up and the one goes on. So each test has one outcome, always the same.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Event
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from tests import pg, service
from tests.api.test_questions import GIVEN, KNOWN, QUESTIONS, answered, opened
from tests.service import Service
from ungdom.intake import confirmations, identity, opening
from ungdom.persons import doubts
from ungdom.store import rebuild, records
from ungdom.store.schema.cases import case_current
from ungdom.store.schema.persons import person

PATIENCE = 1.0
"""Seconds that one waits for another who does not come."""


@pytest.fixture
def on_postgresql(pg_database: Any, tmp_path: Any) -> Iterator[Service]:
    with Service(pg.sqlalchemy_url(pg_database(service.fill)), tmp_path, threads=8) as running:
        yield running


def met(barrier: Barrier) -> None:
    with suppress(BrokenBarrierError):
        barrier.wait(PATIENCE)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(act) for act in acts]]


def people_of(running: Service) -> set[UUID]:
    with running.db.reading() as tx:
        return set(tx.scalars(select(case_current.c.person_id)))


def asked_by(running: Service) -> dict[tuple[str, str], dict[str, Any]]:
    """The open questions, by case and known person."""
    items = running.as_("secretariat").get(QUESTIONS, status="open").json()["items"]
    return {(item["case_id"], item["known"]["id"]): item for item in items}


@pytest.mark.parametrize(("offices", "people", "questions"), [(("oslo", "troms"), 2, 1), (("oslo", "oslo"), 1, 0)])
def test_two_openings_at_one_moment_see_each_other(
    served: Service,
    monkeypatch: pytest.MonkeyPatch,
    offices: tuple[str, str],
    people: int,
    questions: int,
) -> None:
    served.app.openapi()  # the client compares with it: made once, by one thread
    compared, compare = Barrier(2), identity.match_person

    def slow(*given: Any) -> Any:
        match = compare(*given)
        met(compared)
        return match

    monkeypatch.setattr(opening, "match_person", slow)
    at_once(*(lambda office=office: opened(served, office, KNOWN) for office in offices))

    assert len(people_of(served)) == people
    assert len(asked_by(served)) == questions


def test_two_answers_at_one_moment_make_no_chain(served: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = (opened(served, office, GIVEN) for office in ("oslo", "troms", "agder"))
    questions = asked_by(served)
    pairs = [(second, first), (third, second)]
    ready, join = Barrier(2), records.merge

    def slow(*given: Any) -> Any:
        met(ready)
        return join(*given)

    monkeypatch.setattr(confirmations.records, "merge", slow)
    asked = [questions[new["id"], known["person"]["id"]] for new, known in pairs]
    answers = at_once(*(lambda one=one: answered(served.as_("secretariat"), one, "confirm") for one in asked))

    assert [answer.status_code for answer in answers] == [200, 200]
    assert people_of(served) == {UUID(first["person"]["id"])}
    assert rebuild.check(served.db) == []


def test_a_case_is_opened_on_the_record_that_counts_when_it_was_joined_meanwhile(
    on_postgresql: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (opened(on_postgresql, office, GIVEN) for office in ("oslo", "troms"))
    (question,) = asked_by(on_postgresql).values()
    compare = identity.match_person

    def overtaken(*given: Any) -> Any:
        match = compare(*given)
        assert str(match.known) == second["person"]["id"]
        with ThreadPoolExecutor(1) as other:
            answer = other.submit(answered, on_postgresql.as_("secretariat"), question, "confirm").result(timeout=30)
        assert answer.status_code == 200
        return match

    monkeypatch.setattr(opening, "match_person", overtaken)
    on_postgresql.portal.beside()
    assert opened(on_postgresql, "troms", GIVEN)["person"]["id"] == first["person"]["id"]
    assert people_of(on_postgresql) == {UUID(first["person"]["id"])}
    assert rebuild.check(on_postgresql.db) == []


def test_records_are_joined_after_the_case_that_is_being_opened_on_one(
    on_postgresql: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = (opened(on_postgresql, office, GIVEN) for office in ("oslo", "troms"))
    (question,) = asked_by(on_postgresql).values()
    held, hold = Barrier(2), records.lock_canonical

    def slow(*given: Any) -> Any:
        person_id = hold(*given)
        met(held)  # the answer has begun
        Event().wait(PATIENCE)  # and has come as far as it can
        return person_id

    def answer() -> Any:
        met(held)
        return answered(on_postgresql.as_("secretariat"), question, "confirm")

    monkeypatch.setattr(opening.records, "lock_canonical", slow)
    case, told = at_once(lambda: opened(on_postgresql, "troms", GIVEN), answer)

    assert told.status_code == 200
    assert people_of(on_postgresql) == {UUID(first["person"]["id"])}
    shown = on_postgresql.as_("secretariat").get(f"/v1/cases/{case['id']}").json()
    assert shown["person"]["id"] == first["person"]["id"]
    assert rebuild.check(on_postgresql.db) == []


def test_the_check_finds_chains_and_cases_on_a_record_that_does_not_count(served: Service) -> None:
    first, second, third = (opened(served, office, GIVEN) for office in ("oslo", "troms", "agder"))
    ids = {case["id"]: UUID(case["person"]["id"]) for case in (first, second, third)}
    with served.db.writing() as tx:
        for record, counts in ((second, first), (third, second)):
            where = person.c.person_id == ids[record["id"]]
            tx.execute(update(person).where(where).values(same_as=ids[counts["id"]]))
        of_third = case_current.c.case_id == UUID(third["id"])
        tx.execute(update(case_current).where(of_third).values(person_id=ids[second["id"]]))

    found = {(str(one.case_id), one.column) for one in rebuild.check(served.db)}

    assert found == {(second["id"], "person_id"), (third["id"], "same_as")}


def test_two_persons_corrected_into_one_identity_at_one_moment_raise_one_question(
    served: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each correction alone would find nobody: the one that comes second finds the other."""
    served.app.openapi()
    youths = [{"given_name": name, "family_name": "Tue", "born": born} for name, born in OTHERS]
    cases = [opened(served, "oslo", youth) for youth in youths]
    leader, compared, compare = served.as_("leader", "oslo"), Barrier(2), doubts.match_person
    persons = [leader.get(f"/v1/cases/{case['id']}").json()["person"]["id"] for case in cases]
    tags = [leader.get(f"/v1/persons/{person_id}").headers["ETag"] for person_id in persons]

    def slow(*given: Any) -> Any:
        match = compare(*given)
        met(compared)
        return match

    def correct(place: int) -> int:
        headers = {"If-Match": tags[place], "Authorization": f"Bearer {leader.token}"}
        body = {"reason": "Opplyst av verge.", "given_name": "Lurve", "family_name": "Høstkvist", "born": "2009-04-04"}
        path = f"/v1/persons/{persons[place]}"
        return served.send("PATCH", path, headers=headers, json=body).status_code

    monkeypatch.setattr(doubts, "match_person", slow)
    assert at_once(*(lambda place=place: correct(place) for place in (0, 1))) == [200, 200]

    (question,) = leader.get(QUESTIONS, status="open").json()["items"]
    assert question["known"]["id"] in persons
    assert question["case_id"] in {case["id"] for case in cases}


OTHERS = (("Pjuske", "2009-01-01"), ("Vimsete", "2008-07-07"))
"""Two youths whom nothing makes one."""
