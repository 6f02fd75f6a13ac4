"""A message that somebody else works on while what it waits for arrives is tried in the end, whoever is killed."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from tests import pg, service
from tests.intake.build import CHAIN, File, history, nothing_wrong
from tests.intake.test_at_once import at_once
from tests.intake.test_by_hand import JUDGED, by_hand
from tests.intake.test_matching import why
from tests.intake.test_order import open_by_hand, record
from tests.service import Service
from ungdom import intake, texts
from ungdom.exchange.delivery import ExchangeDeliveryContext
from ungdom.exchange.partners import Partners
from ungdom.exchange.worker import run_worker
from ungdom.intake import IntakeContext, Sender, retry
from ungdom.intake.retry import retry_after_commit, retry_due
from ungdom.message import read
from ungdom.store import parked_messages
from ungdom.store.schema.inbox import decision_wait
from ungdom.store.session import Connection
from ungdom.workflow.vocabulary import Actor

SENDER = Sender("source-hub", frozenset(map(Actor, ("police", "prosecution", "court", "correctional_service"))))
Use = Callable[[Connection], object]


@pytest.fixture
def shared(pg_database: pg.MakeDatabase, tmp_path: Path) -> Iterator[Service]:
    """The service on PostgreSQL, where several write at once."""
    with Service(pg.sqlalchemy_url(pg_database(service.fill)), tmp_path) as running:
        yield running


def desk(of: Service) -> IntakeContext:
    return IntakeContext(of.app.state.keys, of.clock(), texts.negotiate(None))


def caught_up(of: Service) -> tuple[int, int, int]:
    """Messages tried, settled and gone wrong."""
    counts = retry_due(of.db, of.app.state.keys, of.clock)
    return counts["tried"], counts["settled"], counts["failed"]


def marks(of: Service) -> int:
    with of.db.reading() as tx:
        return int(
            tx.scalar(select(func.count()).select_from(decision_wait).where(parked_messages.IS_RETRY_MARKER)) or 0
        )


def until(holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come about")


def beside(of: Service, theirs: Use, ours: Callable[[], Any]) -> None:
    """Ours is written while somebody else has done theirs, in a transaction that ends afterwards."""
    with ThreadPoolExecutor(1) as pool:
        with of.db.writing() as tx:
            theirs(tx)
            doing = pool.submit(ours)
            until(lambda: marks(of) > 0)
        doing.result(timeout=60)


def received(of: Service, message: dict[str, Any]) -> Use:
    """Takes this message in."""
    return lambda tx: intake.receive(tx, desk(of), SENDER, read(json.dumps(message)))


def parked(of: Service) -> tuple[File, str, dict[str, Any]]:
    """A finality that waits for its judgment: the file, the case, the message."""
    file, case = by_hand(of)
    message = file.told(*CHAIN[3])
    file.post(message)
    assert file.stands("became_final") == ("parked", "too_early")
    return file, case, message


def ambiguous(of: Service) -> tuple[File, Callable[[], None], str]:
    """Two cases that an indictment may be about, what closes the first, and the second."""
    file = File(of)
    first, second = open_by_hand(of, file), open_by_hand(of, file)
    record(of, second, ("suspect_set", "2025-01-20", {}))
    return file, lambda: record(of, first, ("other_outcome", "2025-02-01", {"outcome": "dropped"})), second


def test_one_that_is_sent_again_at_that_moment_is_tried_afterwards(shared: Service) -> None:
    file, case, message = parked(shared)

    beside(shared, received(shared, message), lambda: record(shared, case, JUDGED))

    shown = file.shown("became_final")
    assert (shown["outcome"], len(shown["tries"]), shown["tries"][-1]["by"]) == ("applied", 2, f"case:{case}")
    assert (marks(shared), caught_up(shared)) == (0, (0, 0, 0))
    nothing_wrong(shared)


def test_one_whose_person_another_message_is_about_at_that_moment_is_tried_afterwards(shared: Service) -> None:
    file, case, _ = parked(shared)
    other = File(shared, person=file.person, opens_with="never")

    beside(shared, received(shared, other.told(*CHAIN[4])), lambda: record(shared, case, JUDGED))

    assert file.stands("became_final") == "applied"
    assert other.stands("dispatched") == ("parked", "unknown_case")


def test_one_that_was_looked_at_before_the_move_is_tried_after_both(shared: Service) -> None:
    file, close_first, second = ambiguous(shared)
    waits = UUID(file.send(*CHAIN[0], opening=None)["status"].rpartition("/")[2])

    beside(shared, lambda tx: intake.retry_by_hand(tx, desk(shared), waits, "somebody"), close_first)

    shown = file.shown("indicted")
    assert (shown["outcome"], shown["case_id"]) == ("applied", second)


def test_one_that_is_taken_in_during_a_move_it_cannot_see_is_looked_at_once_more(shared: Service) -> None:
    file, close_first, second = ambiguous(shared)
    mine = desk(shared)
    with shared.db.writing() as tx:
        taken = intake.receive(tx, mine, SENDER, read(json.dumps(file.told(*CHAIN[0], opening=None))))
        close_first()
    assert taken.arrival.reason == "ambiguous_case"

    retry_after_commit(shared.db, mine, shared.clock)

    shown = file.shown("indicted")
    assert (shown["outcome"], shown["case_id"]) == ("applied", second)


def left_behind(of: Service, monkeypatch: pytest.MonkeyPatch) -> File:
    """A message that was passed over by somebody who ended right after the commit."""
    file, case, message = parked(of)
    with monkeypatch.context() as killed:
        killed.setattr("ungdom.api.http.context.retry_after_commit", lambda *_: None)
        beside(of, received(of, message), lambda: record(of, case, JUDGED))
    assert file.stands("became_final") == ("parked", "too_early")
    return file


def test_what_one_who_is_gone_passed_over_is_tried_by_one_of_the_others(
    shared: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = left_behind(shared, monkeypatch)

    found = at_once(*[lambda: caught_up(shared)] * 4)

    assert sum(settled for _, settled, _ in found) == 1
    assert (file.stands("became_final"), len(file.shown("became_final")["tries"])) == ("applied", 2)
    assert (marks(shared), caught_up(shared)) == (0, (0, 0, 0))


def test_a_mark_that_is_left_while_the_message_is_tried_stays(shared: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    file = left_behind(shared, monkeypatch)
    waits = UUID(file.shown("became_final")["id"])
    look = retry.process_message

    def looked(*given: Any) -> Any:
        told = look(*given)
        with shared.db.writing() as moving:
            parked_messages.defer(moving, [waits], "case:other")
        return told

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(retry, "process_message", looked)
        assert caught_up(shared) == (1, 1, 0)
    assert marks(shared) == 1
    assert (caught_up(shared), marks(shared)) == ((1, 0, 0), 0)


def test_one_that_goes_wrong_is_tried_on_the_next_day_and_not_before(
    shared: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = left_behind(shared, monkeypatch)
    with monkeypatch.context() as broken:
        broken.setattr("ungdom.intake.apply.apply_steps", lambda *_: 1 / 0)
        assert (caught_up(shared), caught_up(shared)) == ((1, 0, 1), (0, 0, 0))
    assert caught_up(shared) == (0, 0, 0)

    shared.clock.turn_to(date(2025, 7, 2))

    assert (caught_up(shared), file.stands("became_final")) == ((1, 1, 0), "applied")


def test_of_too_many_the_rest_is_tried_afterwards(one: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "MAX_RETRIES", 3)
    file = File(one)
    for n in range(10):
        hearing = {"hearing_on": f"2025-04-{n + 1:02}"}
        assert file.send("hearing_scheduled", "2025-03-05", hearing, decision_id=f"h-{n}")["outcome"] == "parked"

    case = file.applied(CHAIN[0])

    assert [kind for kind, *_ in history(one, case)].count("hearing_scheduled") == 10
    assert marks(one) == 0


def test_the_worker_takes_up_what_a_day_lets_be_done(one: Service) -> None:
    file, stop = File(one), threading.Event()
    file.applied(*CHAIN[:3])
    assert why(file.send("became_final", "2025-07-03")) == ("parked", "conditions_unmet")
    work = ExchangeDeliveryContext(
        db=one.db,
        keys=one.app.state.keys,
        partners=Partners(),
        open_transport=lambda *_: pytest.fail("nothing is owed"),
        now=one.clock,
        jitter=float,
    )
    working = threading.Thread(target=run_worker, args=(work, None, stop, 0.05), daemon=True)
    working.start()
    try:
        one.clock.turn_to(date(2025, 7, 3), 1)
        until(lambda: file.stands("became_final") == "applied")
    finally:
        stop.set()
        working.join(60)
