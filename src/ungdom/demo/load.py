"""Writing the synthetic case load: the same seed, day and number of cases give the same rows.

Only the nonces of sealed personalia differ from run to run, as they must; what is sealed is the same.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from functools import partial
from itertools import islice
from multiprocessing import get_context
from random import Random

from ungdom.demo import afterwards, catalogue, people, story
from ungdom.demo.story import Told
from ungdom.demo.summary import Summary, Tally
from ungdom.orphans import end_with_parent
from ungdom.store import bulk, journal, observations, reference
from ungdom.store import people as people_store
from ungdom.store.ids import reference_of
from ungdom.store.journal import Chapter, Stored
from ungdom.store.sealing import Keys
from ungdom.store.session import Database

BATCH = 200
"""Cases written in one transaction."""


def _silent(_done: int, _of: int) -> None:
    """Nobody is told."""


national = story.national


def stories(cases: int | None, seed: int, today: date, processes: int = 1) -> Iterator[Told]:
    """The cases one by one, in the order they were registered; with national numbers, none of them twice.

    Each depends on its own number alone, so the cases are the same however many processes make them.
    """
    register = people.Register()
    total = story.national(today) if cases is None else cases
    make = partial(_slice, seed=seed, today=today, total=total)
    slices = (range(first, min(first + BATCH, total)) for first in range(0, total, BATCH))
    for cases_made in map(make, slices) if processes == 1 else _beside(make, slices, processes):
        for told in cases_made:
            yield story.identified(told, register)


def _slice(numbers: range, seed: int, today: date, total: int) -> list[Told]:
    return [story.tell(number, Random(f"{seed}:{number}"), today, total) for number in numbers]


def _beside(make: Callable[[range], list[Told]], slices: Iterator[range], processes: int) -> Iterator[list[Told]]:
    """Each slice in a process beside this one, in their order; only a few are made ahead of whoever reads them."""
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=end_with_parent) as pool:
        ahead = deque(pool.submit(make, numbers) for numbers in islice(slices, 2 * processes))
        while ahead:
            made = ahead.popleft().result()
            ahead.extend(pool.submit(make, numbers) for numbers in islice(slices, 1))
            yield made


def load(
    db: Database,
    keys: Keys,
    *,
    cases: int | None = None,
    seed: int = 1,
    today: date,
    progress: Callable[[int, int], None] = _silent,
    processes: int = 1,
) -> Summary:
    """Write a synthetic case load into a database with the current schema, and say what was written.

    `cases`: how many are registered from 2014 until today; None: as many as in the country. `progress` is told how
    many are written, of how many. `processes`: how many make the cases, which this one writes. Raises `DuplicateKey`
    when the same load is there already.
    """
    total = story.national(today) if cases is None else cases
    counted = Tally()
    with db.writing() as tx:
        reference.save_staff(tx, people.staff())
        catalogue.write(tx, today)
    for batch in bulk.batches(stories(total, seed, today, processes), BATCH):
        _write(db, keys, batch)
        _observe(db, batch, seed, counted.cases, today)
        for told in batch:
            counted.add(told)
        progress(counted.cases, total)
    return counted.summary()


def _write(db: Database, keys: Keys, batch: Sequence[Told]) -> None:
    """All of the batch or nothing."""
    with db.writing() as tx:
        for told in batch:
            people_store.create_people(tx, keys, [told.person], told.events[0].recorded_at)
        journal.append_many(tx, [_chapter(told) for told in batch])


def _observe(db: Database, batch: Sequence[Told], seed: int, first: int, today: date) -> None:
    """What is known of the youths of the batch beside their cases. `first`: the number of its first case."""
    chances = (Random(f"{seed}:after:{first + place}") for place in range(len(batch)))  # no secret
    found = (afterwards.observed(told, chance, today) for told, chance in zip(batch, chances, strict=True))
    with db.writing() as tx:
        observations.add_many(tx, [one for ones in found for one in ones])


def _chapter(told: Told) -> Chapter:
    stored = Stored(
        case_id=told.case_id,
        reference=reference_of(told.case_id),
        person_id=told.person.person_id,
        youth=told.case.youth,
        events=[],
        version=0,
        opened_at=told.events[0].recorded_at,
    )
    return Chapter(stored=stored, events=told.events, case=told.case, numbers=told.numbers)
