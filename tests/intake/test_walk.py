"""The walk of a decision: the files that a pushed judgment passes through, as `CONTRIBUTING.md` lists them."""

import re
import sys
from collections.abc import Callable
from itertools import chain, combinations
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from fastapi import routing

import ungdom
from tests.intake.build import CHAIN, File
from tests.service import Service
from ungdom.intake import mapping
from ungdom.workflow import engine
from ungdom.workflow.vocabulary import Actor, EventType, Sanction

PACKAGE = Path(ungdom.__file__).parent
CONTRIBUTING = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
MOST_FILES = 12


def files_called(call: Callable[[], Any]) -> tuple[Any, set[str]]:
    """What a call returns, and the files of api, intake and cases in which it calls a function.

    The request itself (`api/http`) is left out, as are the rules (`workflow`), the texts and the database (`store`):
    they are the same for every route. Classes of values have no code that is called.
    """
    called: set[CodeType] = set()

    def note(frame: FrameType, event: str, _arg: object) -> None:
        if event == "call":
            called.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        answer = call()
    finally:
        sys.setprofile(before)
    inside = (Path(code.co_filename) for code in called if code.co_filename.startswith(str(PACKAGE)))
    files = {path.relative_to(PACKAGE).as_posix() for path in inside}
    parts = ("api/", "intake/", "cases/")
    return answer, {file for file in files if file.startswith(parts) and not file.startswith("api/http/")}


def listed() -> list[str]:
    """The files in the section on the walk, in its order."""
    section = CONTRIBUTING.partition("## The walk of a decision\n")[2].partition("\n## ")[0]
    return re.findall(r"^\d+\. `(?:src/ungdom/)?([\w/]+\.py)`", section, re.MULTILINE)


def test_a_pushed_judgment_passes_through_the_files_that_are_listed(
    served: Service, monkeypatch: pytest.MonkeyPatch, figure: Callable[[str], None]
) -> None:
    file, passed = File(served), list[set[str]]()
    file.applied(CHAIN[0])
    in_thread: Callable[..., Any] = vars(routing)["run_in_threadpool"]

    async def traced(route: Callable[..., Any], *given: Any, **named: Any) -> Any:
        answer, files = await in_thread(lambda: files_called(lambda: route(*given, **named)))
        passed.append(files)
        return answer

    with monkeypatch.context() as tracing:
        tracing.setattr(routing, "run_in_threadpool", traced)
        file.applied(CHAIN[1])

    figure(f"a pushed judgment passes through {len(passed[0])} files of api, intake and cases")
    assert len(passed) == 1
    assert sorted(passed[0]) == sorted(listed())
    assert len(passed[0]) <= MOST_FILES


def test_who_may_report_an_event_is_the_same_in_every_case() -> None:
    """So that authority is asked once, before the case is known."""
    authorities = [*mapping.REPORTABLE_ACTORS]
    senders = chain.from_iterable(combinations(authorities, n) for n in range(1, len(authorities) + 1))
    reportable = [mapping.reportable_actors(frozenset(sender)) for sender in senders]
    for event in EventType:
        known = [actors for sanction in Sanction if (actors := set(engine.actors_of(sanction, event)))]
        may_report = [[bool(actors & acts) for acts in reportable] for actors in known]
        assert all(answers == may_report[0] for answers in may_report), event
    assert {*mapping.reportable_actors(frozenset(authorities))} == {*authorities, Actor.PARTY}


def test_events_that_a_message_may_become_have_the_same_reporters() -> None:
    """A new charge is `charged` in an undecided case and `new_offence_recorded` in a decided one."""
    authorities = [*mapping.REPORTABLE_ACTORS]
    senders = [frozenset(sender) for n in range(1, len(authorities) + 1) for sender in combinations(authorities, n)]
    assert senders
    for sender in senders:
        may = [
            any(set(engine.actors_of(sanction, event)) & mapping.reportable_actors(sender) for sanction in Sanction)
            for event in (EventType.CHARGED, EventType.NEW_OFFENCE_RECORDED)
        ]
        assert may[0] == may[1], sender
