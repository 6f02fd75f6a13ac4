"""The loop that looks for work: rounds at an interval, failures that end nothing, waits that can be stopped."""

from threading import Event, Thread
from typing import Any

import pytest

from ungdom import polling
from ungdom.observability.logger import EventLogger
from ungdom.store.errors import Unavailable

LOG = EventLogger("tests.polling")


class Waits(Event):
    """An event that notes how long it is waited for, and is set after so many waits."""

    def __init__(self, rounds: int) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self.rounds = rounds

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout or 0.0)
        if len(self.seconds) == self.rounds:
            self.set()
        return self.is_set()


def run(stop: Waits, every: float, *parts: Exception | None) -> list[float]:
    """The waits of a loop whose rounds have these parts; an exception fails."""
    for current in polling.rounds(stop, every, LOG):
        for part in parts:
            with current.attempt("the part"):
                if part is not None:
                    raise part
    return stop.seconds


@pytest.mark.parametrize(
    "parts",
    [(None,), (), (RuntimeError("out of paper"), None), (Unavailable("connection_lost"),), (RuntimeError("no paper"),)],
)
def test_the_interval_is_kept_whatever_fails(parts: tuple[Exception | None, ...]) -> None:
    assert run(Waits(3), 5, *parts) == [5, 5, 5]


def test_a_part_that_fails_does_not_keep_the_next_from_being_tried() -> None:
    tried = []
    for current in polling.rounds(Waits(1), 5, LOG):
        for part in ("first", "second"):
            with current.attempt(part):
                tried.append(part)
                raise RuntimeError(part)
    assert tried == ["first", "second"]


def test_a_loop_logs_the_kind_of_an_error_and_where_it_was_raised_and_not_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for current in polling.rounds(Waits(1), 5, LOG):
        with current.attempt("the part"):
            raise RuntimeError("010109 00000")
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith("work.failed work=the part error=RuntimeError frames=[")
    assert "test_polling.py" in line
    assert "010109" not in caplog.text


def test_failures_are_logged_with_their_name_and_what_is_no_error_is_not_held_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    run(Waits(1), 5, RuntimeError("out of paper"), Unavailable("connection_lost"))
    levels: list[Any] = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert levels[0][0] == "ERROR"
    assert levels[0][1].startswith("work.failed work=the part error=RuntimeError")
    assert levels[1] == ("WARNING", "work.database_away work=the part reason=connection_lost")
    with pytest.raises(KeyboardInterrupt), polling.PollingRound(LOG).attempt("the part"):
        raise KeyboardInterrupt


def test_a_wait_ends_when_the_loop_is_stopped() -> None:
    stop, begun = Event(), Event()

    def loop() -> None:
        for _ in polling.rounds(stop, 3600, LOG):
            begun.set()

    thread = Thread(target=loop, daemon=True)
    thread.start()
    assert begun.wait(10)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_loop_that_is_stopped_before_it_begins_has_no_round() -> None:
    stop = Event()
    stop.set()
    assert list(polling.rounds(stop, 5, LOG)) == []
