"""What tests measured, for the summary of the run. A plugin of its own, so that it also works without `conftest.py`."""

from collections.abc import Callable

import pytest

FIGURE = "figure"


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """`figure("10 000 walks, 0 divergences")` shows a line in the summary of the run."""
    return lambda text: record_property(FIGURE, text)
