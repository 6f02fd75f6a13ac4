"""Invented people: names that nobody has, national numbers of Skatteetaten's synthetic series (month + 80)."""

import csv
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from uuid import UUID

from ungdom.demo import shape
from ungdom.demo.chance import Chance
from ungdom.store import reference, tables
from ungdom.store.people import Contact, Guardian, Newcomer, Personalia
from ungdom.store.reference import Staff
from ungdom.store.tables import Protection
from ungdom.workflow.vocabulary import Role

K1 = (3, 7, 6, 1, 8, 9, 4, 5, 2)
K2 = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
TENOR_ADDS = 80
SPLIT = 2000
"""Born from this year on: individual numbers 500 to 999; before: 000 to 499."""
HALF = 500


@dataclass(frozen=True, slots=True)
class Names:
    """The names to draw from."""

    given: tuple[str, ...]
    family: tuple[str, ...]


@cache
def names() -> Names:
    """The names of the file beside this module."""
    text = (files("ungdom.demo") / "names.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    found = {kind: tuple(row["name"] for row in rows if row["kind"] == kind) for kind in ("given", "surname")}
    return Names(found["given"], found["surname"])


@cache
def municipalities() -> dict[str, tuple[str, ...]]:
    """The numbers of the municipalities that each konfliktråd serves."""
    served: dict[str, list[str]] = {}
    for row in reference.read(tables.municipality):
        served.setdefault(str(row["konfliktrad"]), []).append(str(row["number"]))
    return {office: tuple(sorted(numbers)) for office, numbers in served.items()}


def invent(chance: Chance, person_id: UUID, last_act: date, konfliktrad: str) -> Newcomer:
    """Somebody of 15 to 17 at that act, living in that konfliktråd. The national number comes from `Register`."""
    family = chance.rng.choice(names().family)
    guardians = chance.pick(shape.GUARDIANS)
    protection = _protection(chance)
    personalia = Personalia(
        given_name=chance.rng.choice(names().given),
        family_name=family,
        sex="female" if chance.happens(shape.FEMALE) else "male",
        municipality=chance.rng.choice(municipalities()[konfliktrad]),
        contact=_contact(chance, protection),
        guardians=tuple(_guardian(chance, n, family) for n in range(1, guardians + 1)),
    )
    born = last_act - timedelta(days=chance.rng.randrange(*shape.AGE_DAYS))
    return Newcomer(person_id=person_id, personalia=personalia, born=born, guardians=guardians, protection=protection)


def _protection(chance: Chance) -> Protection:
    drawn = chance.rng.random()
    if drawn < shape.STRICTLY_CONFIDENTIAL:
        return Protection.STRICTLY_CONFIDENTIAL
    return Protection.CONFIDENTIAL if drawn < shape.CONFIDENTIAL + shape.STRICTLY_CONFIDENTIAL else Protection.NONE


def _contact(chance: Chance, protection: Protection) -> Contact:
    """The police send no address with a confidential one, and a box with a strictly confidential one."""
    street = f"{chance.rng.choice(names().family)}veien {chance.rng.randrange(1, 90)}"
    address = {Protection.NONE: street, Protection.STRICTLY_CONFIDENTIAL: "SOT6, postboks 1"}.get(protection)
    return Contact(telephone=_telephone(chance), address=address, language=chance.pick(shape.LANGUAGES))


def _telephone(chance: Chance) -> str:
    return f"+47 000 {chance.rng.randrange(10_000, 100_000)}"


def _guardian(chance: Chance, number: int, family: str) -> Guardian:
    shared = chance.happens(shape.SAME_FAMILY_NAME)
    name = f"{chance.rng.choice(names().given)} {family if shared else chance.rng.choice(names().family)}"
    return Guardian(reference=f"guardian-{number}", name=name, contact=Contact(telephone=_telephone(chance)))


class Register:
    """Hands out synthetic national numbers, none of them twice. Ask in the order of the cases."""

    def __init__(self) -> None:
        self._next: dict[tuple[date, bool], int] = {}

    def number(self, person: Newcomer) -> Newcomer:
        """The person with a national number."""
        numbered = replace(person.personalia, national_id=self._take(person.born, person.personalia.sex == "female"))
        return replace(person, personalia=numbered)

    def _take(self, born: date, female: bool) -> str | None:
        first = HALF if born.year >= SPLIT else 0
        serial = self._next.get((born, female), first + (0 if female else 1))
        while serial < first + HALF:
            found = _number(born, serial)
            serial += 2
            if found:
                self._next[born, female] = serial
                return found
        return None


def _number(born: date, serial: int) -> str | None:
    """Eleven digits with control digits by the rule before 2032; None where a control digit would be 10."""
    head = f"{born.day:02}{born.month + TENOR_ADDS:02}{born.year % 100:02}{serial:03}"
    first = _control(head, K1)
    if first is None:
        return None
    second = _control(f"{head}{first}", K2)
    return None if second is None else f"{head}{first}{second}"


def _control(digits: str, weights: tuple[int, ...]) -> int | None:
    rest = -sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
    return None if rest == 10 else rest  # noqa: PLR2004  # two digits: no such number is issued


# --- staff ------------------------------------------------------------------------------------------------------


@cache
def coordinators(konfliktrad: str) -> tuple[str, ...]:
    """The coordinators of a konfliktråd: two to five, by the size of the office."""
    share = next(office.share for office in shape.OFFICES if office.code == konfliktrad)
    count = min(5, max(2, round(share / shape.CASES_PER_COORDINATOR)))
    return tuple(f"coordinator-{konfliktrad}-{n}" for n in range(1, count + 1))


def leader(konfliktrad: str) -> str:
    """The leader of a konfliktråd."""
    return f"leader-{konfliktrad}"


def staff() -> list[Staff]:
    """Everybody who works at an office, with names drawn in order; leader and first coordinator are cleared."""
    return [_employed(subject, office.code, n) for office in shape.OFFICES for n, subject in _of(office.code)]


def _of(konfliktrad: str) -> list[tuple[int, str]]:
    return list(enumerate((leader(konfliktrad), *coordinators(konfliktrad))))


def _employed(subject: str, konfliktrad: str, number: int) -> Staff:
    given, family = names().given, names().family
    at = sum(map(ord, konfliktrad)) * 7 + number * 13
    return Staff(
        subject=subject,
        konfliktrad=konfliktrad,
        role=Role.COORDINATOR if number else Role.LEADER,
        display_name=f"{given[at % len(given)]} {family[at * 3 % len(family)]}",
        active_from=shape.FIRST_DAY,
        cleared=number <= 1,
    )
