"""The loop that looks for work: rounds at an interval, failures that end nothing, waits that can be stopped."""

import logging
from threading import Event, Thread
from typing import Any

import pytest

from ungdom import polling
from ungdom.store.errors import Unavailable

LOG = logging.getLogger("tests.polling")


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


def test_the_interval_is_kept_while_all_goes_well() -> None:
    assert run(Waits(3), 5, None) == [5, 5, 5]
    assert run(Waits(3), 5) == [5, 5, 5]


@pytest.mark.parametrize("fault", [Unavailable("connection_lost"), RuntimeError("out of paper")])
def test_after_failures_in_a_row_the_wait_doubles_up_to_a_minute(fault: Exception) -> None:
    assert run(Waits(6), 5, fault) == [10, 20, 40, 60, 60, 60]
    assert run(Waits(2), 3600, fault) == [3600, 3600]


def test_a_part_that_fails_neither_ends_nor_delays_the_others() -> None:
    assert run(Waits(3), 5, RuntimeError("out of paper"), None) == [5, 5, 5]


def test_after_a_round_that_succeeds_the_interval_holds_again() -> None:
    stop, faults = Waits(3), [RuntimeError("first"), None, None]
    for current in polling.rounds(stop, 5, LOG):
        with current.attempt("the part"):
            if (fault := faults.pop(0)) is not None:
                raise fault
    assert stop.seconds == [10, 5, 5]


def test_failures_are_logged_with_their_name_and_what_is_no_error_is_not_held_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    run(Waits(1), 5, RuntimeError("out of paper"), Unavailable("connection_lost"))
    levels: list[Any] = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert levels[0] == ("ERROR", "the part failed")
    assert levels[1][0] == "WARNING"
    assert "the database is away" in levels[1][1]
    with pytest.raises(KeyboardInterrupt), polling.PollingRound(LOG).attempt("the part"):
        raise KeyboardInterrupt


def test_a_wait_ends_when_the_loop_is_stopped() -> None:
    stop, begun = Event(), Event()

    def loop() -> None:
        for _ in polling.rounds(stop, 3600, LOG):
            begun.set()

    thread = Thread(target=loop)
    thread.start()
    assert begun.wait(10)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_loop_that_is_stopped_before_it_begins_has_no_round() -> None:
    stop = Event()
    stop.set()
    assert list(polling.rounds(stop, 5, LOG)) == []
