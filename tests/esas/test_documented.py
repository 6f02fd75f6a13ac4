"""`docs/esas.md` names every code that can come out."""

import re
from pathlib import Path

import pytest

from ungdom.esas import inbound, outbound
from ungdom.esas.inbound import FlagCode, IgnoredReason, MessageType

TEXT = (Path(__file__).parents[2] / "docs" / "esas.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([^`]+)`", TEXT))

MISSING = re.compile(r'yield "(\w+)"')


@pytest.mark.parametrize("code", [*FlagCode, *IgnoredReason])
def test_every_flag_and_every_reason_is_documented(code: str) -> None:
    assert code in NAMED


def test_every_message_is_documented_with_its_versions() -> None:
    rows = {row[1]: row[2] for row in re.findall(r"^(\|) `(\w+)` \| ([\d.]+)", TEXT, re.MULTILINE)}

    assert set(inbound.SUPPORTED) == set(MessageType), (
        "SUPPORTED in src/ungdom/esas/inbound/__init__.py has every message"
    )
    assert rows == {kind.value: versions[-1] for kind, versions in inbound.SUPPORTED.items()}, (
        "the table of messages in docs/esas.md has every message with its newest version"
    )


def test_every_part_and_reason_code_of_the_status_message_is_documented() -> None:
    codes = {code for codes in outbound.CODES.values() for code in codes if code}

    assert (set(outbound.CODES) | codes) - NAMED == set()


def test_everything_that_a_status_message_may_lack_is_documented() -> None:
    source = Path(outbound.__file__).read_text(encoding="utf-8")

    assert len(MISSING.findall(source)) > 5
    assert set(MISSING.findall(source)) - NAMED == set()
