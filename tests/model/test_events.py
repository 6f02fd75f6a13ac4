"""The details of every event of random histories are written and read back the same."""

import random

from tests.model.strategies import walk
from ungdom.workflow.events import dump_details, load_details, read_details
from ungdom.workflow.vocabulary import EventType


def test_every_type_that_random_histories_tell_reads_back_the_same() -> None:
    seen: set[EventType] = set()
    for seed in range(300):
        for _, entry in walk(random.Random(seed)):  # noqa: S311 - a walk that can be walked again
            kind = EventType(entry.type)
            said = read_details(kind, entry.details)
            assert load_details(kind, dump_details(kind, said)) == said
            seen.add(kind)
    assert seen == set(EventType)
