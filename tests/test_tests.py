"""No test passes without having looked at anything: none returns early, none checks only what a loop finds."""

from pathlib import Path

import pytest

from tests.blind import complaints

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("path", sorted(ROOT.glob("tests/**/test_*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_test_of_the_file_can_pass_blindly(path: Path) -> None:
    found = [f"{path.relative_to(ROOT)}:{line}: {what}" for line, what in complaints(path.read_text(encoding="utf-8"))]
    assert "\n".join(found) == ""


@pytest.mark.parametrize(
    "body",
    [
        "for one in found: assert one",
        "assert all(one for one in found)",
        "assert not any(one for one in found)",
        "wrong = [one for one in found if one < 0]; assert wrong == []",
        "if found: assert found[0]",
        "assert found\n if found[0]: return",
    ],
)
def test_a_test_that_can_pass_blindly_is_found(body: str) -> None:
    assert len([*complaints(f"def test_it(found):\n {body}")]) == 1


@pytest.mark.parametrize(
    "body",
    [
        "assert found\n for one in found: assert one",
        "for one in (1, *found): assert one",
        "for n, kind in enumerate(Kind): assert_that(kind, n)",
        "with raises(ValueError): found[0]",
        "if found: assert found[0]\n else: assert found == ()",
    ],
)
def test_a_test_that_looks_is_left_alone(body: str) -> None:
    assert [*complaints(f"def test_it(found):\n {body}")] == []
