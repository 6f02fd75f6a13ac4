"""Every page is in one list: what it weighs, what it asks of the database, and that no page is missing in the list."""

import gzip
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.api.build import DAY, case_at
from tests.api.test_alerts import night
from tests.api.test_statements import statements
from tests.service import Service, routes_of, settings_of, sqlite_copy
from tests.web.every_page import NO_PAGE, PAGES, SANDBOX, Reader, Seen, furnished, named_later
from tests.web.visiting import Visitor
from ungdom.app import create_sandbox
from ungdom.sandbox.state import Sandbox
from ungdom.web import assets

WEIGHT = 150_000
STATEMENTS = {
    "today": 8,
    "today of a leader": 8,
    "a late case": 8,
    "a case in execution": 8,
    "a form": 8,
    "delays": 8,
    "cases of a team": 10,
}
"""The pages that somebody opens all day, and the most statements each takes, however much there is."""


@pytest.fixture(scope="module")
def world(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, dict[str, str], dict[Reader, Visitor]]]:
    folder = tmp_path_factory.mktemp("pages")
    with Service(sqlite_copy(sqlite_template, folder), folder) as service:
        named = furnished(service)
        night(service, date(2026, 6, 1))
        yield service, named_later(service, named), {reader: signed_in(service, reader) for reader in Reader}


World = tuple[Service, dict[str, str], dict[Reader, Visitor]]


def signed_in(service: Service, reader: Reader) -> Visitor:
    visitor = Visitor(service)
    if reader is Reader.NOBODY:
        return visitor
    role = {"teacher": "team_member"}.get(word := reader.partition("-")[0], word)
    office = "oslo" if reader in (Reader.COORDINATOR, Reader.LEADER) else None
    return visitor.sign_in(role, office, str(reader))


def pattern(route: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{[a-z_]+\}", "[^/]+", route))


def test_no_page_is_missing_in_the_list_and_nothing_in_it_is_none(world: World, tmp_path: Path) -> None:
    service, _, _ = world
    sandbox = create_sandbox(settings_of(f"sqlite:///{tmp_path}/none.sqlite", tmp_path), Sandbox(lambda: None, ()))
    routes = {path for app in (service.app, sandbox) for method, path in routes_of(app, pages=True) if method == "GET"}
    addresses = {seen.address.partition("?")[0] for seen in (PAGES | SANDBOX).values()}
    missing = {route for route in routes - NO_PAGE.keys() if not any(map(pattern(route).fullmatch, addresses))}
    assert missing == set()
    assert NO_PAGE.keys() - routes == set()
    drawn = routes - NO_PAGE.keys()
    assert [x for x in addresses if not any(pattern(route).fullmatch(x) for route in drawn)] == []


@pytest.mark.parametrize("name", PAGES)
def test_each_page_is_there_and_weighs_at_most_150_kilobytes(
    world: World, name: str, figure: Callable[[str], None]
) -> None:
    _, named, visitors = world
    seen = PAGES[name]
    html = visitors[seen.reader].get(seen.address.format(**named), **{"Accept-Encoding": "gzip"})
    assert html.status_code == seen.status, html.text
    assert '<main id="main"' in html.text
    weight = len(gzip.compress(html.content)) + sum(file_weights(html.text))
    assert weight <= WEIGHT
    figure(f"page weight {name}: {weight / 1000:.1f} kB")


def file_weights(html: str) -> list[int]:
    """The bytes of each file that the page loads, as they are sent; the font among them."""
    names = set(re.findall(rf'{assets.PREFIX}([a-z0-9.-]+)"', html))
    assert any(name.startswith("inter.") for name in names)
    assert any(name.startswith("htmx.") for name in names)
    files = [assets.assets().by_published_name[name] for name in names]
    return [len(file.compressed or file.plain) for file in files]


@pytest.mark.parametrize(("name", "most"), STATEMENTS.items())
def test_a_page_that_is_often_opened_takes_so_many_statements_however_much_there_is(
    one: Service, name: str, most: int
) -> None:
    named = furnished(one)
    seen: Seen = PAGES[name]
    visitor, address = signed_in(one, seen.reader), seen.address.format(**named)
    assert visitor.get(address).status_code == 200
    with statements() as few:
        visitor.get(address)
    client = one.as_("coordinator", "oslo")
    for _ in range(4):
        case = case_at(client, "executing", "2026-01-05")
        assert client.record(case, "team_member_joined", DAY, {"member": Reader.MEMBER, "agency": "school"})
    for _ in range(6):
        meeting = ("team_meeting_held", "2026-01-05", {"present": ["youth"]})
        assert client.record(named["executing"], *meeting).status_code == 201
    with statements() as many:
        assert visitor.get(address).status_code == 200
    assert max(len(few), len(many)) <= most, [statement[:90] for statement in many]
