"""The generated files are what the code says now. `make docs` writes them anew."""

from pathlib import Path

import pytest

from ungdom import generated

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("path", generated.files())
def test_generated_file_is_current(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == generated.files()[path], "run `make docs`"
