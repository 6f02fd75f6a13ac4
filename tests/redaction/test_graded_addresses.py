"""T17: where a youth with a protected address is, searched in everything that those who are not cleared are given.

Words of their own stand for office, police district, municipality, school, meeting place, addresses and contacts of two
youths. Notices, an extract and stored responses are queued before the protection is raised, and given afterwards.
"""

import io
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests import pg
from tests.exchange.wire import Receiver
from tests.notices.post_office import PostOffice
from tests.redaction import graded
from tests.redaction.graded import LOSES, NAMES, NUMBER, OFFICE, OFFICE_WORDS, UNCLEARED, WHERE, World
from tests.service import Service, fill, sqlite_copy

STRICT = "strictly_confidential"

OF_ONE_CASE = ("/v1/cases/{case_id}", "/v1/alerts/{alert_id}", "/v1/decisions/{message_id}")
"""Here the secretariat is told the office and who coordinates (docs/permissions.md), in no list."""

WHO_LOOKED = ("access-log", "/v1/audit")
"""Here those who watch over access are told who looked and who changed what, without the office."""


LIBRARIES = ("sqlalchemy", "transitions")
"""What these log below a warning is for whoever works on the code, and no program of ours shows it."""


@dataclass
class Search:
    """What was searched, and what was found where it may not be."""

    answers: int = 0
    hits: Counter[str] = field(default_factory=Counter)

    def look(self, viewer: str, where: str, text: str) -> None:
        self.answers += 1
        folded = text.casefold()
        for word in forbidden(viewer, where):
            if word.casefold() in folded:
                self.hits[f"{viewer} finds {word} in {where}"] += 1


def forbidden(viewer: str, where: str) -> tuple[str, ...]:
    """The words that this viewer may not find there, without what they work for and what they sent themselves."""
    path = where.partition(" ")[2]
    if viewer == "prosecution" and path.startswith("/v1/decisions"):
        return graded.OF_THE_OTHER  # it sent the message about one of the two itself
    if UNCLEARED.get(viewer, ("", None, ""))[1] == OFFICE:
        return WHERE
    if viewer == "secretariat" and path.startswith(OF_ONE_CASE):
        return WHERE
    if path.endswith(WHO_LOOKED):
        return (*WHERE, *OFFICE_WORDS[:2])
    return (*WHERE, *OFFICE_WORDS)


@pytest.fixture(scope="module")
def log() -> Iterator[io.StringIO]:
    """Every line that any logger writes while the tests of this module run, with its arguments and its exception."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
    yield lines
    root.removeHandler(handler)
    root.setLevel(level)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, receiver: Receiver, log: io.StringIO
) -> Iterator[World]:
    """The world before anything was protected. The tests of this module go on with it one after another."""
    assert log.tell() >= 0
    folder = tmp_path_factory.mktemp("graded")
    if request.param == "sqlite":
        url = sqlite_copy(request.getfixturevalue("sqlite_template"), folder)
    else:
        databases: pg.Databases = request.getfixturevalue("pg_databases")
        url = pg.sqlalchemy_url(databases.create(fill))
    receiver.got.clear()
    with Service(url, folder) as running:
        yield graded.made(running, receiver.url)


def test_where_a_protected_youth_is_stands_in_nothing_that_anybody_not_cleared_is_given(
    world: World, receiver: Receiver, log: io.StringIO, figure: Callable[[str], None]
) -> None:
    service, search = world.service, Search()
    told = shown_before(world)
    name = service.db.writer.dialect.name
    graded.protect(world, "confidential")
    for viewer in ("colleague", "secretariat"):
        look_everywhere(world, viewer, search, short=True)
    graded.protect(world, STRICT)
    for viewer in UNCLEARED if name == "sqlite" else ("assigned", "secretariat", "analyst"):
        look_everywhere(world, viewer, search, short=name != "sqlite" or viewer not in ("assigned", "secretariat"))
    look_at_what_was_queued(world, receiver, search)
    search.look("log", "", log.getvalue())
    search.look("log", "", service.send("GET", "/metrics").text)
    assert search.hits == {}
    assert told == {*WHERE, *OFFICE_WORDS} - {'"p12"'}
    figure(f"T17 {name}: {search.answers} answers, notices, files and logs searched for {len(told)} words, 0 with one")


def test_no_log_line_and_no_error_holds_a_name_a_number_or_a_token(
    world: World, log: io.StringIO, capfd: pytest.CaptureFixture[str], figure: Callable[[str], None]
) -> None:
    """T18: every route is asked wrongly, with names, identity numbers and tokens where nothing of the kind belongs."""
    service, leader = world.service, world.leader
    answers = [answer for answer in graded.wrongly_asked(world) if answer.status_code >= 400]
    errors = [answer.text + str(answer.headers) for answer in answers]
    assert len(errors) > 200
    tokens = [leader.token, leader.token.rpartition(".")[2], world.feed.rpartition("/")[2].removesuffix(".ics")]
    secret = (*NAMES, "Vimsete", NUMBER, graded.WRONG_NAME, graded.WRONG_NUMBER, *tokens, graded.WRONG_TOKEN)
    printed = capfd.readouterr()
    lines = f"{log.getvalue()}{printed.out}{printed.err}"
    assert "ungdom" in lines
    assert [word for word in secret if word in lines] == []
    assert [(word, text[:200]) for text in errors for word in secret if word in text] == []
    counted = f"{lines.count(chr(10))} log lines and {len(errors)} errors searched for {len(secret)} words, 0 with one"
    figure(f"T18 {service.db.writer.dialect.name}: {counted}")


def shown_before(world: World) -> set[str]:
    """The words that those who are not cleared could find before the protection was raised: there is what to search."""
    texts = [answer.text for _, answer in graded.asked(world, "assigned", short=True)]
    whole = "".join(texts).casefold()
    return {word for word in (*WHERE, *OFFICE_WORDS) if word.casefold() in whole}


def look_everywhere(world: World, viewer: str, search: Search, short: bool) -> None:
    for where, answer in graded.asked(world, viewer, short):
        assert answer.status_code < 500 or "health" in where, answer.text
        search.look(viewer, where, answer.text + str(answer.headers))


def look_at_what_was_queued(world: World, receiver: Receiver, search: Search) -> None:
    """What was promised before the protection was raised: webhooks, e-mail, a feed, a file, stored responses."""
    for viewer, path, answer in graded.repeated(world):
        assert answer.status_code == (201 if path == "/v1/decisions" else 409), answer.text
        search.look(viewer, f"POST {path}", answer.text)
    with PostOffice() as post:
        graded.deliver_queued(world, post)
    assert receiver.got
    for got in receiver.got:
        viewer = got.path.rpartition("/")[2]
        search.look(viewer, "", f"{got.headers} {got.body.decode()}")
        assert viewer not in LOSES or not named(world, got.body.decode()), viewer
    assert not [letter["To"] for letter in post.got if named(world, letter.as_string())]
    calendar = world.service.send("GET", world.feed.removeprefix("http://127.0.0.1:8000"))
    assert calendar.status_code == 200
    assert not named(world, calendar.text)
    for file in world.job["files"]:
        answer = world.as_("analyst").get(f"/v1/extracts/jobs/{world.job['id']}/files/{file['name']}")
        assert answer.json()["code"] == "extract_outdated"
        search.look("analyst", "", answer.text)


def named(world: World, text: str) -> list[str]:
    """The references of the two cases that stand in it."""
    return [reference for reference in world.references if reference in text]
