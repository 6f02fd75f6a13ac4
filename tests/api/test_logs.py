"""The log of a process: one line per event, ids and times on it, and nothing of a person and no secret in any."""

import ast
import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from tests.api.observed import NUMBER, ROUTES, STATUS, send_each_kind
from tests.service import Service
from ungdom import cli, settings
from ungdom.cli import observing
from ungdom.observability import logs, page
from ungdom.observability.event_table import EVENTS
from ungdom.observability.logger import EventLogger
from ungdom.observability.masking import masked, masked_value
from ungdom.settings import BadSettings

SOURCE = Path(__file__).parents[2] / "src" / "ungdom"
LEVELS = ("debug", "info", "warning", "error")
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is logged, once a test sets up the log. The loggers are as they were afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("ungdom")
    handlers, levels, raising = list(root.handlers), (root.level, ours.level), logging.raiseExceptions
    stream = io.StringIO()
    monkeypatch.setattr(logs, "sys", SimpleNamespace(stderr=stream))
    yield stream
    root.handlers[:], logging.raiseExceptions = handlers, raising
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def lines_of(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


# --- requests -----------------------------------------------------------------------------------------------


def test_each_request_has_one_line_without_secret_person_address_or_query(
    one: Service, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.configure("json", "debug")
    sent = send_each_kind(one, monkeypatch)
    assert {name: answer.status_code for name, answer in sent.answers.items()} == STATUS
    assert [secret for secret in sent.secrets if secret in written.getvalue()] == []

    finished = {line["request_id"]: line for line in lines_of(written) if line["event"] == "request.finished"}
    lines = {name: finished[answer.headers["X-Request-Id"]] for name, answer in sent.answers.items()}
    assert {name: line["status"] for name, line in lines.items()} == STATUS
    assert {name: line["route"] for name, line in lines.items()} == ROUTES
    assert (lines["cases"]["role"], "role" in lines["survey"]) == ("coordinator", False)
    assert (lines["calendar head"]["method"], lines["odd method"]["method"]) == ("HEAD", "other")
    assert (lines["broken"]["level"], lines["cases"]["level"], lines["health"]["level"]) == ("warning", "info", "debug")
    assert len(finished) == len([line for line in lines_of(written) if line["event"] == "request.finished"])
    for line in lines.values():
        assert datetime.fromisoformat(line["time"]).tzinfo == UTC
        assert re.fullmatch(r"[0-9a-f]{32}", line["trace_id"])
        assert line["duration_ms"] >= 0
        assert line["pid"] > 0


def test_an_error_nobody_foresaw_is_found_by_the_ids_of_its_answer_and_has_places_and_no_text(
    one: Service, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.configure("json", "info")
    answer = send_each_kind(one, monkeypatch).answers["broken"]
    [line] = [line for line in lines_of(written) if line["event"] == "request.failed"]
    assert (line["trace_id"], line["request_id"]) == (answer.json()["trace_id"], answer.headers["X-Request-Id"])
    assert (line["error"], line["causes"]) == ("ValueError", ["KeyError"])
    assert any(frame.endswith(" fail") for frame in line["frames"])


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("4bf92f35-77b3-4da6-a3ce-929d0e0e4736", True),
        ("4bf92f3577b34da6a3ce929d0e0e4736", True),
        (NUMBER, False),
        ("4bf92f3577b34da6\nforged", False),
        ("kari.saksbehandler-0123", False),
        ("a" * 65, False),
        ("", False),
    ],
)
def test_a_request_id_of_others_is_taken_over_in_a_sound_form_only(shared: Service, given: str, taken: bool) -> None:
    name = given.replace("\n", "%0A")
    answered = shared.send("GET", "/health/live", headers={"X-Request-Id": name}).headers["X-Request-Id"]
    assert (answered == name) is taken
    assert re.fullmatch(r"[0-9a-f-]{32,36}", answered)


@pytest.mark.parametrize(
    ("given", "trace"),
    [
        (f"00-{TRACE}-b7ad6b7169203331-01", TRACE),
        (f"cc-{TRACE}-b7ad6b7169203331-01-more", TRACE),
        (f"00-{TRACE}-b7ad6b7169203331-01-more", None),
        (f"ff-{TRACE}-b7ad6b7169203331-01", None),
        (f"00-{'0' * 32}-b7ad6b7169203331-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE.upper()}-b7ad6b7169203331-01", None),
        (NUMBER, None),
    ],
)
def test_the_trace_of_a_valid_traceparent_is_carried_on(shared: Service, given: str, trace: str | None) -> None:
    answered = shared.send("GET", "/v1/cases", headers={"traceparent": given}).json()["trace_id"]
    assert re.fullmatch(r"[0-9a-f]{32}", answered)
    assert (answered == TRACE) is (trace is not None)


# --- the second line of defence -----------------------------------------------------------------------------

PLANTED = {
    "identity number": (f"person {NUMBER} is", "018199"),
    "identity number with a space": ("person 018199 12345 is", "018199"),
    "token": ("got eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJrYXJpIn0.c2lnbmF0dXJl", "eyJ"),
    "bearer": ("Authorization: Bearer abcdef0123456789", "abcdef"),
    "webhook secret": ("signed with whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "C2FV"),
    "password of a relay": ("smtp://ungdom:hemmelig@mail.example.no:587", "hemmelig"),
    "password of a database": ("postgresql+psycopg://u:hemmelig@db/ungdom", "hemmelig"),
    "password by name": ('connect failed: password="hemmelig" host=db', "hemmelig"),
    "survey": ("GET /v1/surveys/Kx3-abc HTTP/1.1", "Kx3"),
    "page of a survey": ("GET /survey/Kx3-abc HTTP/1.1", "Kx3"),
    "calendar": (f"GET /v1/calendar/{'q' * 43}.ics", "qqq"),
    "secret alone": (f"secret {'Ab3-' * 10}Ab3 seen", "Ab3-"),
    "key": ("key 8KEMC86NPQNpTzxMtjsvfys98ojep66Xq3OmhFcGM50= seen", "8KEM"),
    "query": ("GET /v1/persons?name=Vimsete&born=2009 500", "Vimsete"),
    "mail": ("no relay for kari.nordmann@eksempel.no", "kari"),
}


@pytest.mark.parametrize("name", PLANTED)
@pytest.mark.parametrize("log_format", ["json", "text"])
def test_what_is_planted_in_a_line_of_a_library_or_of_ours_does_not_get_out(
    written: io.StringIO, name: str, log_format: str
) -> None:
    text, secret = PLANTED[name]
    logs.configure(log_format, "info")
    logging.getLogger("uvicorn.error").error("%s", text)
    EventLogger("ungdom.x").warning("exchange.rejected", message_id=[text], reason={"of": text})
    try:
        raise RuntimeError(text)
    except RuntimeError as error:
        logging.getLogger("uvicorn.error").error("failed", exc_info=error)
        EventLogger("ungdom.x").error("work.failed", error=error, work="x")
    assert len(written.getvalue().splitlines()) == 4
    assert secret not in written.getvalue()


def test_what_is_no_secret_stays_as_it_is() -> None:
    case, trace = "0198f3c1-7d54-7c39-a5a5-0b6a41c5a001", "0123456789012345678901234567890f"
    for text in (case, trace, "2026-11-30T03:11:11.209251Z", "974760673", "why? because", "/v1/cases/{case_id}", "a@b"):
        assert masked(text) == text
    assert masked_value({"a": [1, True, None, 2.5]}) == {"a": [1, True, None, 2.5]}


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_line_break_in_a_value_forges_no_line(written: io.StringIO, log_format: str) -> None:
    logs.configure(log_format, "info")
    logging.getLogger("uvicorn.error").error("one\r\n{} level=error event=forged\u2028")
    EventLogger("ungdom.x").info("exchange.queue_lost", queue="q\nforged", reason="r", seconds=1)
    assert len(written.getvalue().splitlines()) == 2


def test_at_level_debug_libraries_log_neither_rows_nor_addresses(one: Service, written: io.StringIO) -> None:
    logs.configure("json", "debug")
    one.as_("coordinator", "oslo").get("/v1/cases")
    for name in ("sqlalchemy.engine", "httpx", "httpcore", "asyncio"):
        logging.getLogger(name).info("a row of a person")
    loggers = {line["logger"] for line in lines_of(written)}
    assert loggers
    assert all(name.startswith("ungdom") for name in loggers)


def test_a_line_that_cannot_be_written_is_not_told_with_its_values(
    written: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    class Full(io.StringIO):
        def write(self, _text: str, /) -> int:
            raise OSError(28, "No space left on device")

    logs.configure("json", "info", Full())
    EventLogger("ungdom.x").info("exchange.rejected", message_id=NUMBER, reason="r")
    assert NUMBER not in "".join((written.getvalue(), *capsys.readouterr()))


# --- how it is set up ---------------------------------------------------------------------------------------


def test_every_command_logs_in_the_form_and_from_the_level_that_are_set(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def logged(**given: str) -> str:
        for name in ("UNGDOM_ENV", "UNGDOM_LOG_FORMAT", "UNGDOM_LOG_LEVEL"):
            monkeypatch.delenv(name, raising=False)
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["ungdom", "db", "check"])
        monkeypatch.setattr(settings, "from_environment", refuse)
        before = len(written.getvalue())
        with pytest.raises(SystemExit):
            cli.main()
        return "".join(
            line for line in written.getvalue()[before:].splitlines(keepends=True) if "end_not_recorded" in line
        )

    def refuse() -> None:
        EventLogger("ungdom.x").info("jobs.end_not_recorded", run_id="low")
        EventLogger("ungdom.x").warning("jobs.end_not_recorded", run_id="high")
        raise BadSettings("as in a test")

    assert "level=warning event=jobs.end_not_recorded run_id=high" in logged()
    assert "run_id=low" not in logged()
    assert json.loads(logged(UNGDOM_ENV="production"))["run_id"] == "high"
    assert "event=jobs.end_not_recorded" in logged(UNGDOM_ENV="production", UNGDOM_LOG_FORMAT="text")
    assert "run_id=low" in logged(UNGDOM_LOG_LEVEL="info")
    assert logged(UNGDOM_LOG_LEVEL="error") == ""


def test_a_command_that_stays_logs_its_start_and_end_at_level_info(one: Service, written: io.StringIO) -> None:
    with observing.running("worker", one.settings.model_copy(update={"log_format": "json"})):
        pass
    assert [(line["event"], line["command"]) for line in lines_of(written)] == [
        ("process.started", "worker"),
        ("process.stopped", "worker"),
    ]


# --- the table of events ------------------------------------------------------------------------------------


def calls() -> Iterator[tuple[str, str, set[str]]]:
    """Place, event and fields of every call of a logger in the source."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            owner = ast.unparse(node.func.value)
            if owner not in {"log", "LOG", "self.log"} or node.func.attr not in {*LEVELS, "log"}:
                continue
            event = node.args[-1]
            assert isinstance(event, ast.Constant), f"{path}:{node.lineno}: the event is no text"
            yield f"{path.name}:{node.lineno}", event.value, {str(keyword.arg) for keyword in node.keywords}


def test_every_event_that_is_logged_is_in_the_table_with_its_fields_and_every_row_is_logged() -> None:
    found = list(calls())
    assert len(found) > len(EVENTS) // 2
    assert {event for _, event, _ in found} == set(EVENTS)
    wrong = [
        (place, event, sorted(fields))
        for place, event, fields in found
        if fields != {*EVENTS[event].fields, *(["error"] if EVENTS[event].error else [])}
    ]
    assert wrong == []


def test_our_loggers_are_all_event_loggers() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")}
    plain = [path.name for path, text in texts.items() if re.search(r"logging\.(getLogger|basicConfig)", text)]
    assert sorted(plain) == ["logger.py", "logs.py"]


def test_the_page_has_every_event_and_its_fields() -> None:
    text = page.page()
    assert "`request.finished`" in text
    assert [name for name in EVENTS if f"| `{name}` |" not in text] == []
