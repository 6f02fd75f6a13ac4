"""The pictures of the first hour show what the pages show: the texts that the tutorial names are still there.

`make docs-pictures` takes them anew, into `docs/`.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.web.browser import Site, signed_in

DOCS = Path(__file__).parents[2] / "docs"
TUTORIAL = DOCS / "first-hour.md"
TAKE = "UNGDOM_TAKE_PICTURES"
MOST_BYTES, COLOURS, WIDTH = 60_000, 64, 960


def home(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/")
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="coordinator-oslo").wait_for()


def today(page: Page, site: Site) -> None:
    signed_in(page, site)
    page.get_by_role("button", name="English").click()
    page.get_by_role("heading", name="Tasks of today").wait_for()


def late_case(page: Page, site: Site) -> None:
    today(page, site)
    page.goto(f"{site.address}/cases/{site.cases['late']}")
    page.get_by_role("heading", name="Why is the case late?").evaluate("heading => heading.scrollIntoView()")


@dataclass(frozen=True)
class Picture:
    """A picture of the tutorial: how one comes to the page, and the texts of the page that the tutorial names."""

    come_to: Callable[[Page, Site], None]
    texts: tuple[str, ...]


PICTURES = {
    "first-hour-home.png": Picture(home, ("English",)),
    "first-hour-today.png": Picture(today, ("Tasks of today", "Waits for")),
    "first-hour-late.png": Picture(late_case, ("Why is the case late?",)),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_of_the_tutorial_shows_the_texts_that_it_names(
    visit: Callable[..., Page], site: Site, name: str
) -> None:
    wanted, page = PICTURES[name], visit(WIDTH)
    wanted.come_to(page, site)
    shown = page.locator("body").inner_text()
    tutorial = TUTORIAL.read_text(encoding="utf-8")
    assert [text for text in wanted.texts if text not in shown] == []
    assert [text for text in wanted.texts if text not in tutorial] == []
    assert f"]({name})" in tutorial
    if os.environ.get(TAKE):
        take(page, DOCS / name)
    with Image.open(DOCS / name) as kept:
        assert (kept.format, kept.width) == ("PNG", WIDTH)
    assert (DOCS / name).stat().st_size <= MOST_BYTES


def take(page: Page, file: Path) -> None:
    """A picture of what the window shows, in few colours."""
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    picture.save(file, optimize=True)


def test_the_tutorial_has_no_other_pictures() -> None:
    assert {file.name for file in DOCS.glob("first-hour-*.png")} == set(PICTURES)
