"""Invented youths, whom no case is about yet: the same number always gives the same youth."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from random import Random
from typing import Any
from uuid import UUID

from ungdom.demo.people import NationalIdRegister, invent
from ungdom.demo.random_draws import RandomDraws

LAST_NUMBER = 999
"""Youths are numbered from 1 to this."""
OFFICE = "oslo"
"""The konfliktråd where they live."""
FIRST_CASE_NUMBER = 96_000_000


@dataclass(frozen=True, slots=True)
class InventedYouth:
    """A youth. `national_id`: of Skatteetaten's synthetic series. `police_case_number`: one that no other youth has."""

    number: int
    given_name: str
    family_name: str
    born: date
    sex: str
    national_id: str | None
    guardians: tuple[str, ...]
    police_case_number: str

    @property
    def person(self) -> dict[str, Any]:
        """The youth as a decision names them."""
        return {
            "national_id": self.national_id,
            "given_name": self.given_name,
            "family_name": self.family_name,
            "born": self.born.isoformat(),
            "sex": self.sex,
            "guardians": [{"name": name} for name in self.guardians],
        }


@lru_cache(maxsize=4)
def invented_youths(last_act: date) -> tuple[InventedYouth, ...]:
    """Every youth, by number, 15 to 17 years old on that day. No two have the same identity number."""
    register = NationalIdRegister()
    return tuple(_invented_youth(number, last_act, register) for number in range(1, LAST_NUMBER + 1))


def _invented_youth(number: int, last_act: date, register: NationalIdRegister) -> InventedYouth:
    draws = RandomDraws(Random(f"sandbox:{number}"))  # noqa: S311  # no secret
    invented = register.with_national_id(invent(draws, UUID(int=number), last_act, OFFICE))
    personalia = invented.personalia
    return InventedYouth(
        number=number,
        given_name=str(personalia.given_name),
        family_name=str(personalia.family_name),
        born=invented.born,
        sex=str(personalia.sex),
        national_id=personalia.national_id,
        guardians=tuple(guardian.name for guardian in personalia.guardians),
        police_case_number=f"{FIRST_CASE_NUMBER + number}",
    )
