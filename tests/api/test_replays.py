"""Whether the stored response of a repeated request is given again: by what its caller may learn then and now. Pure."""

from uuid import UUID

import pytest

from ungdom.api.http.replays import is_withheld
from ungdom.store.case_sights import CaseSight
from ungdom.workflow.rules.permissions import Disclosure, Viewer
from ungdom.workflow.vocabulary import Protection, Role

D, P = Disclosure, Protection
CASE = UUID(int=1)
ALL = frozenset(D)


def sights(protection: Protection, *disclosures: Disclosure) -> dict[UUID, CaseSight]:
    return {CASE: CaseSight(protection, frozenset(disclosures))}


@pytest.mark.parametrize(
    ("role", "then", "now", "withheld"),
    [
        (Role.COORDINATOR, sights(P.NONE, *ALL), sights(P.NONE, *ALL), False),
        (Role.COORDINATOR, sights(P.NONE, *ALL), sights(P.NONE), False),  # the case has left the office
        (Role.COORDINATOR, sights(P.NONE, *ALL), sights(P.CONFIDENTIAL, D.PERSON, D.OFFICE), True),
        (
            Role.COORDINATOR,
            sights(P.CONFIDENTIAL, *ALL),
            sights(P.CONFIDENTIAL, D.PERSON, D.OFFICE),
            True,
        ),  # reassigned
        (Role.LEADER, sights(P.NONE, *ALL), sights(P.STRICTLY_CONFIDENTIAL, *ALL), False),
        (Role.SECRETARIAT, sights(P.CONFIDENTIAL, D.PERSON), sights(P.CONFIDENTIAL, D.PERSON), False),
        (Role.PROSECUTION, sights(P.CONFIDENTIAL, D.PERSON), sights(P.CONFIDENTIAL), False),  # it decides nothing more
        (Role.PROSECUTION, sights(P.NONE, D.PERSON), sights(P.CONFIDENTIAL), True),
        (Role.COORDINATOR, {}, sights(P.CONFIDENTIAL, D.PERSON), True),  # stored by an earlier version
        (Role.COORDINATOR, {}, sights(P.NONE, D.PERSON), False),
    ],
)
def test_a_response_is_withheld_when_less_of_a_protected_case_may_be_learnt(
    role: Role, then: dict[UUID, CaseSight], now: dict[UUID, CaseSight], withheld: bool
) -> None:
    assert is_withheld(Viewer(role, "anybody", "oslo"), then, now) is withheld


def test_what_could_be_learnt_is_stored_as_words_and_read_again() -> None:
    sight = CaseSight(P.CONFIDENTIAL, frozenset({D.PERSON, D.REACH}))
    assert sight.words == ["confidential", "PERSON", "REACH"]
    assert CaseSight.from_words(sight.words) == sight
