"""Schemas whose fields are copied by name from what they show."""

from dataclasses import dataclass

import pytest

from ungdom.api.http.present import from_source
from ungdom.api.http.schemas import Output


@dataclass(frozen=True)
class Letter:
    """What is shown: an address that only some may read."""

    id: int
    address: str


class LetterOut(Output):
    """The same in an answer."""

    id: int
    address: str | None


def test_a_field_has_the_value_of_the_same_name_unless_it_is_given() -> None:
    letter = Letter(1, "Storgata 1")
    assert from_source(LetterOut, letter).model_dump() == {"id": 1, "address": "Storgata 1"}
    assert from_source(LetterOut, letter, address=None).model_dump() == {"id": 1, "address": None}


def test_a_misspelt_field_is_refused_and_does_not_let_the_value_through() -> None:
    with pytest.raises(TypeError, match="LetterOut has no field adress"):
        from_source(LetterOut, Letter(1, "Storgata 1"), adress=None)


def test_a_field_without_a_source_is_refused() -> None:
    with pytest.raises(AttributeError):
        from_source(LetterOut, object(), address=None)
