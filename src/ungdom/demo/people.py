"""Invented people: invented names, and national numbers of Skatteetaten's synthetic series (month + 80)."""

import csv
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from uuid import UUID

from ungdom.demo import parameters
from ungdom.demo.random_draws import RandomDraws
from ungdom.store import reference
from ungdom.store.people import NewPerson
from ungdom.store.personalia import ContactDetails, Personalia, PersonGuardian
from ungdom.store.schema.reference import municipality
from ungdom.store.staff import Staff
from ungdom.workflow.vocabulary import Protection, Role

K1 = (3, 7, 6, 1, 8, 9, 4, 5, 2)
K2 = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
TENOR_ADDS = 80
SPLIT = 2000
"""Born from this year on: individual numbers 500 to 999; before: 000 to 499."""
HALF = 500


@dataclass(frozen=True, slots=True)
class NameLists:
    """The names to draw from."""

    given: tuple[str, ...]
    family: tuple[str, ...]


@cache
def name_lists() -> NameLists:
    """The names in names.csv."""
    text = (files("ungdom.demo") / "names.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    lists = {kind: tuple(row["name"] for row in rows if row["kind"] == kind) for kind in ("given", "surname")}
    return NameLists(lists["given"], lists["surname"])


@cache
def municipalities() -> dict[str, tuple[str, ...]]:
    """The numbers of the municipalities that each konfliktråd serves."""
    served: dict[str, list[str]] = {}
    for row in reference.read(municipality):
        served.setdefault(str(row["konfliktrad"]), []).append(str(row["number"]))
    return {office: tuple(sorted(numbers)) for office, numbers in served.items()}


def invent(draws: RandomDraws, person_id: UUID, last_act: date, konfliktrad: str) -> NewPerson:
    """A person aged 15 to 17 at that act who lives in that konfliktråd; without a national number.

    The national number is assigned by `NationalIdRegister`.
    """
    family = draws.rng.choice(name_lists().family)
    guardians = draws.pick(parameters.GUARDIANS)
    protection = _protection(draws)
    personalia = Personalia(
        given_name=draws.rng.choice(name_lists().given),
        family_name=family,
        sex="female" if draws.happens(parameters.FEMALE) else "male",
        municipality=draws.rng.choice(municipalities()[konfliktrad]),
        contact=_contact(draws, protection),
        guardians=tuple(_guardian(draws, n, family) for n in range(1, guardians + 1)),
    )
    born = last_act - timedelta(days=draws.rng.randrange(*parameters.AGE_DAYS))
    return NewPerson(person_id=person_id, personalia=personalia, born=born, guardians=guardians, protection=protection)


def _protection(draws: RandomDraws) -> Protection:
    drawn = draws.rng.random()
    if drawn < parameters.STRICTLY_CONFIDENTIAL:
        return Protection.STRICTLY_CONFIDENTIAL
    return (
        Protection.CONFIDENTIAL
        if drawn < parameters.CONFIDENTIAL + parameters.STRICTLY_CONFIDENTIAL
        else Protection.NONE
    )


def _contact(draws: RandomDraws, protection: Protection) -> ContactDetails:
    """Contact details as the police send them: no address if confidential, a post box if strictly confidential."""
    street = f"{draws.rng.choice(name_lists().family)}veien {draws.rng.randrange(1, 90)}"
    address = {Protection.NONE: street, Protection.STRICTLY_CONFIDENTIAL: "SOT6, postboks 1"}.get(protection)
    return ContactDetails(telephone=_telephone(draws), address=address, language=draws.pick(parameters.LANGUAGES))


def _telephone(draws: RandomDraws) -> str:
    return f"+47 000 {draws.rng.randrange(10_000, 100_000)}"


def _guardian(draws: RandomDraws, number: int, family: str) -> PersonGuardian:
    shared = draws.happens(parameters.SAME_FAMILY_NAME)
    name = f"{draws.rng.choice(name_lists().given)} {family if shared else draws.rng.choice(name_lists().family)}"
    return PersonGuardian(
        reference=f"guardian-{number}", name=name, contact=ContactDetails(telephone=_telephone(draws))
    )


class NationalIdRegister:
    """Assigns unique synthetic national numbers. Call in the order of the cases for reproducible numbers."""

    def __init__(self) -> None:
        self._next: dict[tuple[date, bool], int] = {}

    def with_national_id(self, person: NewPerson) -> NewPerson:
        """The person with a national number."""
        numbered = replace(
            person.personalia, national_id=self._next_national_id(person.born, person.personalia.sex == "female")
        )
        return replace(person, personalia=numbered)

    def _next_national_id(self, born: date, female: bool) -> str | None:
        first = HALF if born.year >= SPLIT else 0
        serial = self._next.get((born, female), first + (0 if female else 1))
        while serial < first + HALF:
            national_id = _national_id(born, serial)
            serial += 2
            if national_id:
                self._next[born, female] = serial
                return national_id
        return None


def _national_id(born: date, serial: int) -> str | None:
    """Eleven digits with control digits by the rule before 2032; None where a control digit would be 10."""
    head = f"{born.day:02}{born.month + TENOR_ADDS:02}{born.year % 100:02}{serial:03}"
    first = _control(head, K1)
    if first is None:
        return None
    second = _control(f"{head}{first}", K2)
    return None if second is None else f"{head}{first}{second}"


def _control(digits: str, weights: tuple[int, ...]) -> int | None:
    rest = -sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
    return None if rest == 10 else rest  # noqa: PLR2004  # 10 does not fit in one digit: such a number is not issued


# --- staff ------------------------------------------------------------------------------------------------------


@cache
def coordinators(konfliktrad: str) -> tuple[str, ...]:
    """The coordinators of a konfliktråd: two to five, by the size of the office."""
    share = next(office.share for office in parameters.OFFICES if office.code == konfliktrad)
    count = min(5, max(2, round(share / parameters.CASES_PER_COORDINATOR)))
    return tuple(f"coordinator-{konfliktrad}-{n}" for n in range(1, count + 1))


SECRETARIAT = "secretariat-1"
"""The member of the secretariat, with the subject of its token."""


def leader(konfliktrad: str) -> str:
    """The leader of a konfliktråd."""
    return f"leader-{konfliktrad}"


def subject_of(role: Role, konfliktrad: str | None) -> str:
    """The subject of a token for this role: somebody of the invented staff or of a team, where there is one."""
    if role is Role.TEAM_MEMBER:
        return "team-police-oslo"
    if role is Role.COORDINATOR and konfliktrad:
        return coordinators(konfliktrad)[0]
    return f"{role}-{konfliktrad}" if konfliktrad else f"{role}-1"


def staff() -> list[Staff]:
    """The secretariat and the staff of every office. Leader and first coordinator have a security clearance."""
    secretariat = Staff(
        subject=SECRETARIAT,
        konfliktrad=None,
        roles=(Role.SECRETARIAT,),
        display_name=_staff_name(SECRETARIAT, 0),
        active_from=parameters.FIRST_DAY,
    )
    employed = (
        _employed(subject, office.code, n)
        for office in parameters.OFFICES
        for n, subject in enumerate((leader(office.code), *coordinators(office.code)))
    )
    return [secretariat, *employed]


def _employed(subject: str, konfliktrad: str, number: int) -> Staff:
    return Staff(
        subject=subject,
        konfliktrad=konfliktrad,
        roles=(Role.COORDINATOR if number else Role.LEADER,),
        display_name=_staff_name(konfliktrad, number),
        active_from=parameters.FIRST_DAY,
        cleared=number <= 1,
    )


def _staff_name(place: str, number: int) -> str:
    given, family = name_lists().given, name_lists().family
    at = sum(map(ord, place)) * 7 + number * 13
    return f"{given[at % len(given)]} {family[at * 3 % len(family)]}"
