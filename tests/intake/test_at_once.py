"""Messages and the office at the same moment: none overlooks what the other writes, and none is lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from tests.intake.build import CHAIN, File, content_of, coordinator, history, nothing_wrong, system
from tests.intake.test_by_hand import JUDGED, REGISTERED
from tests.intake.test_order import open_by_hand, record
from tests.service import Service

ROUNDS = 12
FEWER_ROUNDS = 6


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What came of these acts, all begun at one moment."""
    ready = Barrier(len(acts))

    def act(one: Callable[[], Any]) -> Any:
        ready.wait(timeout=10)
        return one()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [one.result(timeout=60) for one in [pool.submit(act, one) for one in acts]]


def test_what_the_office_records_at_the_same_moment_is_not_overlooked(served: Service) -> None:
    for _ in range(ROUNDS):
        file = File(served, opens_with="never")
        case = open_by_hand(served, file)
        record(served, case, *REGISTERED)

        answers = at_once(
            lambda file=file: file.post(file.told(*CHAIN[3])),
            lambda case=case: coordinator(served).record(case, *JUDGED),
        )

        assert answers[0].status_code in (201, 202), answers[0].text
        assert answers[1].status_code == 201, answers[1].text
        assert file.stands("became_final") == "applied"
        assert [kind for kind, *_ in history(served, case)].count("became_final") == 1


def test_a_case_opened_by_hand_at_the_same_moment_is_found(served: Service) -> None:
    for _ in range(ROUNDS):
        file = File(served, opens_with="never")

        at_once(
            lambda file=file: file.post(file.told("new_charge", "2025-01-20", {"offence_on": "2025-01-17"})),
            lambda file=file: open_by_hand(served, file),
        )

        shown = file.shown("new_charge")
        assert shown["case_id"] is not None, shown["tries"]


def test_all_messages_of_a_case_at_once_end_as_one_after_the_other(served: Service) -> None:
    one = File(served)
    wanted = content_of(served, one.applied(*CHAIN))
    for _ in range(FEWER_ROUNDS):
        file = File(served)

        answers = at_once(*(lambda step=step, file=file: file.post(file.told(*step)) for step in CHAIN))

        assert {answer.status_code for answer in answers} <= {201, 202}
        assert {file.stands(kind) for kind, *_ in CHAIN} == {"applied"}
        case = file.shown("dispatched")["case_id"]
        assert content_of(served, case)[1:] == wanted[1:]
    nothing_wrong(served)


def test_one_message_sent_many_times_at_once_happens_once(served: Service) -> None:
    for _ in range(FEWER_ROUNDS):
        file = File(served)
        message = file.told(*CHAIN[0])

        answers = at_once(*(lambda file=file, message=message: file.post(message) for _ in range(6)))

        assert len({(answer.status_code, answer.content) for answer in answers}) == 1
        assert len(file.shown("indicted")["tries"]) == 1


def test_two_systems_that_open_the_same_case_at_once_open_one(served: Service) -> None:
    other = system(served, "another")
    for _ in range(FEWER_ROUNDS):
        file = File(served)
        theirs = File(served, person=file.person, number=file.number, client=other)

        answers = at_once(*(lambda one=one: one.post(one.told(*CHAIN[0])) for one in (file, theirs)))

        assert sorted(answer.json()["outcome"] for answer in answers) == ["applied", "duplicate"]
        assert len({answer.json()["case"]["id"] for answer in answers}) == 1
