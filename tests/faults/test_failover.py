"""A streaming replica: figures and extracts are read from it, and it is promoted when the primary is lost."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from tests import service
from tests.extracts.counting import Statements
from tests.faults import standby
from tests.faults.standby import Pair
from tests.faults.writers import assert_kept, writing
from tests.service import Service


@pytest.fixture
def servers() -> Iterator[Pair]:
    with standby.pair() as started:
        service.fill(started.both)
        yield started
