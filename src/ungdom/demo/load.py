"""Writes the synthetic case load: the same seed, day and number of cases give the same rows.

Only the nonces of encrypted personal data differ from run to run; the plaintext is the same.
"""

import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import date
from functools import partial
from itertools import islice
from multiprocessing import active_children, get_context
from random import Random

from ungdom.demo import case_generator, catalogue, coordination_groups, later_events, people
from ungdom.demo.case_generator import GeneratedCase
from ungdom.demo.summary import LoadCounter, Summary
from ungdom.demo.survey_answers import SurveyResults
from ungdom.orphans import end_with_parent
from ungdom.store import bulk, journal, observations
from ungdom.store import people as people_store
from ungdom.store import staff as staff_store
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.ids import reference_of
from ungdom.store.journal import EventBatch, StoredCase
from ungdom.store.session import Database

BATCH = 200
"""Cases written in one transaction."""


national = case_generator.national


def generate_cases(cases: int | None, seed: int, today: date, processes: int = 1) -> Iterator[GeneratedCase]:
    """The cases in the order of registration, with unique national numbers.

    A case depends on its own number only, so that the result does not depend on the number of processes.
    """
    register = people.NationalIdRegister()
    total = case_generator.national(today) if cases is None else cases
    make = partial(_generate_slice, seed=seed, today=today, total=total)
    slices = (range(first, min(first + BATCH, total)) for first in range(0, total, BATCH))
    for batch in map(make, slices) if processes == 1 else _in_processes(make, slices, processes):
        for generated in batch:
            yield case_generator.with_national_id(generated, register)


def _generate_slice(numbers: range, seed: int, today: date, total: int) -> list[GeneratedCase]:
    return [case_generator.generate_case(number, Random(f"{seed}:{number}"), today, total) for number in numbers]


def _in_processes(
    make: Callable[[range], list[GeneratedCase]], slices: Iterator[range], processes: int
) -> Iterator[list[GeneratedCase]]:
    """The slices in order, generated in worker processes; at most two per process are generated ahead.

    The processes do not see Ctrl-C: whatever ends this iteration early ends them.
    """
    others = set(active_children())
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=end_with_parent) as pool:
        try:
            ahead = deque(_submit(pool, make, numbers) for numbers in islice(slices, 2 * processes))
            while ahead:
                generated = ahead.popleft().result()
                ahead.extend(_submit(pool, make, numbers) for numbers in islice(slices, 1))
                yield generated
        except BaseException:
            for process in set(active_children()) - others:
                process.terminate()
            raise


def _submit(
    pool: ProcessPoolExecutor, make: Callable[[range], list[GeneratedCase]], numbers: range
) -> "Future[list[GeneratedCase]]":
    """Submit one slice; a process that is started for it inherits that SIGINT is blocked."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(make, numbers)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def load(
    db: Database,
    keys: EncryptionKeys,
    *,
    cases: int | None = None,
    seed: int = 1,
    today: date,
    progress: Callable[[int, int], object] = lambda _done, _total: None,
    processes: int = 1,
) -> Summary:
    """Write a synthetic case load into a database with the current schema; returns a summary of what was written.

    `cases`: the number registered from 2014 until today; None: as many as in the country. `progress` is called with
    the number written and the total. `processes`: the number of generating processes; this process writes the
    cases. Raises `DuplicateKey` if the same load was written before.
    """
    total = case_generator.national(today) if cases is None else cases
    counter = LoadCounter()
    with db.writing() as tx:
        staff_store.save_staff(tx, people.staff())
        catalogue.write(tx, today)
        coordination_groups.write(tx, keys)
    results, rng = SurveyResults(), Random(f"{seed}:surveys")  # no secret
    for batch in bulk.batches(generate_cases(total, seed, today, processes), BATCH):
        with db.writing() as tx:
            people_store.create_people(tx, keys, [(new.person, new.events[0].recorded_at) for new in batch])
            journal.append_many(tx, [_event_batch(generated) for generated in batch])
        _observe(db, batch, seed, counter.cases, today)
        for generated in batch:
            counter.add(generated)
            results.add(generated, rng, today)
        progress(counter.cases, total)
    with db.writing() as tx:
        results.write(tx)
    return counter.summary()


def _observe(db: Database, batch: Sequence[GeneratedCase], seed: int, first: int, today: date) -> None:
    """Write the observations of the youths of the batch. `first`: the number of its first case."""
    generators = (Random(f"{seed}:after:{first + place}") for place in range(len(batch)))  # no secret
    by_case = (
        later_events.later_observations(generated, rng, today) for generated, rng in zip(batch, generators, strict=True)
    )
    with db.writing() as tx:
        observations.add_many(tx, [observation for ones in by_case for observation in ones])


def _event_batch(generated: GeneratedCase) -> EventBatch:
    stored = StoredCase(
        case_id=generated.case_id,
        reference=reference_of(generated.case_id),
        person_id=generated.person.person_id,
        youth=generated.case.youth,
        events=[],
        version=0,
        opened_at=generated.events[0].recorded_at,
    )
    return EventBatch(stored=stored, events=generated.events, case=generated.case, numbers=generated.numbers)
