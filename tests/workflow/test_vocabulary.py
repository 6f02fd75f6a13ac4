"""What the words of the vocabulary mean beside each other."""

from itertools import product

import pytest

from ungdom.workflow.vocabulary import Protection, strictest

NONE, CONFIDENTIAL, STRICT = Protection.NONE, Protection.CONFIDENTIAL, Protection.STRICTLY_CONFIDENTIAL


@pytest.mark.parametrize(("first", "second"), list(product(Protection, repeat=2)))
def test_the_strictest_of_two_levels_is_the_same_in_either_order(first: Protection, second: Protection) -> None:
    expected = STRICT if STRICT in (first, second) else CONFIDENTIAL if CONFIDENTIAL in (first, second) else NONE
    assert strictest(first, second) is strictest(second, first) is expected


def test_the_strictest_of_words_as_they_are_stored_is_a_level() -> None:
    assert strictest("confidential", STRICT, "none") is STRICT
    assert strictest() is NONE
    with pytest.raises(ValueError, match="secret"):
        strictest("secret")
