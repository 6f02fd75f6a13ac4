"""Addresses that people are given are built in one place, and a person is given a page."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from starlette.routing import Match

from ungdom import links
from ungdom.web import install

PUBLIC = "https://ungdom.example.no"
PAGES: list[tuple[Callable[[str, str], str], str]] = [
    (links.case_page, str(UUID(int=7))),
    (links.alert_page, str(UUID(int=7))),
    (links.survey_page, "token"),
]


@pytest.mark.parametrize(("link", "given"), PAGES)
def test_what_a_person_opens_is_a_page(link: Callable[[str, str], str], given: str) -> None:
    scope = {
        "type": "http",
        "method": "GET",
        "path": urlsplit(link(PUBLIC, given)).path,
        "root_path": "",
        "headers": [],
    }
    routes = [route for router in install.ROUTERS for route in router.routes]
    assert [route for route in routes if route.matches(scope)[0] is Match.FULL]


def test_no_other_module_builds_an_address_below_the_public_one() -> None:
    source = Path(links.__file__).parent
    builders = {str(path.relative_to(source)) for path in source.rglob("*.py") if "public_url}/" in path.read_text()}
    assert builders == {"links.py"}
