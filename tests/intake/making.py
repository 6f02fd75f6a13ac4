"""Synthetic messages of a prosecution system: the same seed gives the same ones.

`told(seed)` gives one case after another, each as its messages in order; `mixed` many cases beside each other, as a
system sends them. The people are invented: identity numbers of Skatteetaten's synthetic series, names that nobody has.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import count, islice
from random import Random
from typing import Any
from uuid import UUID

from ungdom.demo.people import NationalIdRegister, municipalities, name_lists
from ungdom.store.people import NewPerson
from ungdom.store.personalia import Personalia
from ungdom.workflow.calendar import OSLO

Told = dict[str, Any]
"""One message as a sender writes it."""

FIRST_DAY, DAYS = date(2025, 1, 6), 100
"""The cases are registered on these days; every message of theirs is of 2025."""
OPEN_AT_ONCE = 40
FOLLOW_UPS, APPEALED, CO_ACCUSED, CORRECTED = 0.4, 0.25, 0.1, 0.15
FIRST_NUMBER = 20_000_000


@dataclass(frozen=True)
class Youth:
    """Who a case is about, on which police case number, registered when."""

    person: Told
    number: str
    registered: date
    municipality: str


def told(seed: int, appealed: float = APPEALED) -> Iterator[list[Told]]:
    """One case after another, without end: its messages in the order in which they count."""
    rng, register = Random(seed), NationalIdRegister()  # noqa: S311  # a load is no secret
    before: Youth | None = None
    for n in count():
        youth = _youth(rng, register, n)
        if before is not None and rng.random() < CO_ACCUSED:
            youth = replace(youth, number=before.number)
        chain = _follow_up(rng, youth, n) if rng.random() < FOLLOW_UPS else _sanction(rng, youth, n, appealed)
        yield _with_corrections(rng, chain)
        before = youth


def mixed(seed: int, size: int) -> list[Told]:
    """That many messages of many cases beside each other, those of one case in order."""
    rng, cases = Random(seed), told(seed)  # noqa: S311  # the same
    under_way: list[list[Told]] = [next(cases) for _ in range(OPEN_AT_ONCE)]
    sent: list[Told] = []
    while len(sent) < size:
        at = rng.randrange(len(under_way))
        sent.append(under_way[at].pop(0))
        if not under_way[at]:
            under_way[at] = next(cases)
    return sent


def whole(seed: int, size: int, appealed: float = APPEALED) -> list[Told]:
    """At least that many messages, of whole cases, one case after another."""
    sent: list[Told] = []
    for chain in told(seed, appealed):
        if len(sent) >= size:
            break
        sent += chain
    return sent


def cases(seed: int, number: int) -> list[list[Told]]:
    """That many cases."""
    return list(islice(told(seed), number))


def line(message: Told) -> bytes:
    """The message as one line."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def lines(messages: list[Told]) -> bytes:
    """The messages, one a line."""
    return b"".join(map(line, messages))


def key(message: Told) -> tuple[str, int]:
    """By what a message is known to its sender."""
    return message["decision_id"], message["version"]


# --- one case -----------------------------------------------------------------------------------------------


def _youth(rng: Random, register: NationalIdRegister, n: int) -> Youth:
    registered = FIRST_DAY + timedelta(days=rng.randrange(DAYS))
    born = registered - timedelta(days=rng.randrange(5_600, 6_400))
    family = rng.choice(name_lists().family)
    personalia = Personalia(
        given_name=rng.choice(name_lists().given), family_name=family, sex=rng.choice(("female", "male"))
    )
    new = register.with_national_id(
        NewPerson(person_id=UUID(int=n), personalia=personalia, born=born, guardians=1)
    ).personalia
    person = {
        "born": str(born),
        "family_name": family,
        "given_name": new.given_name,
        "national_id": new.national_id,
        "sex": new.sex,
        "guardians": [{"name": f"{rng.choice(name_lists().given)} {family}"}],
    }
    office = rng.choice(sorted(municipalities()))
    return Youth(person, f"{FIRST_NUMBER + n}", registered, rng.choice(municipalities()[office]))


def _follow_up(rng: Random, youth: Youth, n: int) -> list[Told]:
    decided = youth.registered + timedelta(days=rng.randrange(14, 60))
    agreed = str(decided - timedelta(days=3))
    terms = {
        "length": {"months": rng.randrange(4, 13)},
        "guilt_proven": True,
        "consents": [{"by": "youth", "on": agreed}, {"by": "guardian", "guardian": "g1", "on": agreed}],
    }
    opening = _opening(youth, "youth_follow_up", decided)
    sent = decided + timedelta(days=rng.randrange(1, 10))
    return [
        _message(youth, n, 1, "transferred_to_follow_up", decided, terms, opening),
        _message(youth, n, 2, "dispatched", sent),
    ]


def _sanction(rng: Random, youth: Youth, n: int, share_appealed: float) -> list[Told]:
    days = _days(rng, youth.registered, (14, 60), (1, 5), (30, 60), (1, 8))
    indicted, in_court, judged, served = days
    terms = {"length": {"months": rng.randrange(6, 25)}, "subsidiary_prison": {"days": rng.randrange(30, 200)}}
    opening = _opening(youth, "youth_sanction", indicted)
    steps: list[tuple[str, date, Told]] = [
        ("indicted", indicted, {"court_received_on": str(in_court)}),
        ("judgment_given", judged, terms),
        ("judgment_served", served, {}),
    ]
    last = served
    if rng.random() < share_appealed:
        appealed, referred, decided = _days(rng, served, (1, 10), (5, 20), (20, 60))
        steps += [("appealed", appealed, {}), ("appeal_referred", referred, {})]
        steps.append(("appeal_decided", decided, {"outcome": "upheld", "served_on": str(decided)}))
        last = decided
    final, sent = _days(rng, last, (20, 24), (1, 10))  # after two weeks that end on the first working day after Easter
    steps += [("became_final", final, {}), ("dispatched", sent, {})]
    return [
        _message(youth, n, place, kind, day, said, opening if place == 1 else None)
        for place, (kind, day, said) in enumerate(steps, start=1)
    ]


def _days(rng: Random, first: date, *steps: tuple[int, int]) -> list[date]:
    found = [first]
    for low, high in steps:
        found.append(found[-1] + timedelta(days=rng.randrange(low, high)))
    return found[1:]


def _opening(youth: Youth, sanction: str, decided: date) -> Told:
    closed = decided - timedelta(days=5)
    return {
        "sanction": sanction,
        "registered_on": str(youth.registered),
        "offences": [{"on": str(youth.registered - timedelta(days=4))}],
        "suspect_on": str(youth.registered + timedelta(days=1)),
        "investigation_closed_on": str(closed),
        "municipality": youth.municipality,
    }


def _message(
    youth: Youth, n: int, place: int, kind: str, day: date, terms: Told | None = None, opening: Told | None = None
) -> Told:
    sent = datetime(day.year, day.month, day.day, 14, n % 60, place, tzinfo=OSLO)
    return {
        "kind": kind,
        "decision_id": f"{n:06}-{place}",
        "version": 1,
        "sent_at": sent.isoformat(),
        "occurred_on": str(day),
        "police_case_numbers": [youth.number],
        "person": youth.person,
        **({"opening": opening} if opening else {}),
        "terms": terms or {},
    }


def _with_corrections(rng: Random, chain: list[Told]) -> list[Told]:
    """Some of them are followed by a second version: another length, or a day later."""
    last = chain[-1]
    judged = next((one for one in chain if "length" in one["terms"]), None)
    if judged is None or rng.random() >= CORRECTED:
        return chain
    if rng.random() < 0.5:
        later = date.fromisoformat(last["occurred_on"]) + timedelta(days=1)
        return [*chain, _corrected(last, occurred_on=str(later))]
    return [*chain, _corrected(judged, terms={**judged["terms"], "length": {"months": 9}})]


def _corrected(message: Told, **changed: Any) -> Told:
    sent = datetime.fromisoformat(message["sent_at"]) + timedelta(days=2)
    return {**message, "version": 2, "sent_at": sent.isoformat(), **changed}
