"""Names compared without regard to form: case, accents, apostrophes, hyphens, composition, letters with two spellings.

Office norm. The letters: the spellings that Norwegian registers use where a letter is not available, such as aa for å.
"""

import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum, auto
from itertools import groupby

from ungdom.message.text import BLANK, SELECTORS


class Agreement(Enum):
    """How one part of what is given compares with the same part of what is stored."""

    EQUAL = auto()
    PARTIAL = auto()  # given names: all of one side are on the other, but the first ones differ
    NEAR = auto()  # probably the same, with another spelling or one name more
    DIFFERENT = auto()
    MISSING = auto()  # on one side or on both


@dataclass(frozen=True, slots=True)
class NameComparison:
    """How two names compare. `swapped`: the given name of one side is the family name of the other."""

    family: Agreement
    given: Agreement
    swapped: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether given and family names are there on both sides and equal."""
        return not self.swapped and self.family is self.given is Agreement.EQUAL

    @property
    def contradicts(self) -> bool:
        """Whether one part is not the same. A part that is missing contradicts nothing."""
        agreeing = (Agreement.EQUAL, Agreement.MISSING)
        return self.swapped or self.family not in agreeing or self.given not in (*agreeing, Agreement.PARTIAL)

    @property
    def resembles(self) -> bool:
        """Whether the names as a whole are probably of one person, in another order or spelling."""
        if self.swapped:
            return True
        close = (Agreement.EQUAL, Agreement.PARTIAL, Agreement.NEAR)
        if Agreement.MISSING in (self.family, self.given):
            return Agreement.EQUAL in (self.family, self.given)
        return self.family in close and self.given in close

    @property
    def share_a_part(self) -> bool:
        """Whether the family name or the given names are equal."""
        return self.family is Agreement.EQUAL or self.given in (Agreement.EQUAL, Agreement.PARTIAL)

    @property
    def is_missing(self) -> bool:
        """Whether there is no part to compare."""
        return self.family is self.given is Agreement.MISSING


def compare_names(given: tuple[str | None, str | None], known: tuple[str | None, str | None]) -> NameComparison:
    """How two names compare. Each is the given names and the family name; either may be missing."""
    (first, last), (known_first, known_last) = (tuple(map(_words, name)) for name in (given, known))
    sides = ({*first, *last}, {*known_first, *known_last})
    complete = all((first, last, known_first, known_last))
    same_roles = bool({*first} & {*known_first} and {*last} & {*known_last})
    if complete and sides[0] == sides[1]:  # a middle name may be written on either side
        return NameComparison(Agreement.EQUAL, Agreement.EQUAL, swapped=not same_roles)
    return NameComparison(_family(last, known_last), _given(first, known_first))


def _family(left: list[str], right: list[str]) -> Agreement:
    """Double names may be in either order. A name more on one side is another name, though a near one."""
    if not left or not right:
        return Agreement.MISSING
    if {*left} == {*right} or "".join(left) == "".join(right):
        return Agreement.EQUAL
    return Agreement.NEAR if _overlap(left, right) or _alike("".join(left), "".join(right)) else Agreement.DIFFERENT


def _given(left: list[str], right: list[str]) -> Agreement:
    """Further given names do not matter if the first one is the same."""
    if not left or not right:
        return Agreement.MISSING
    contained = {*left} <= {*right} or {*right} <= {*left}
    if "".join(left) == "".join(right) or {*left} == {*right} or (contained and left[0] == right[0]):
        return Agreement.EQUAL
    if contained:
        return Agreement.PARTIAL
    initial = len(left[0]) == 1 or len(right[0]) == 1
    close = _alike("".join(left), "".join(right)) or _alike(left[0], right[0]) or _overlap(left, right)
    return Agreement.NEAR if close or (initial and left[0][0] == right[0][0]) else Agreement.DIFFERENT


def _overlap(left: list[str], right: list[str]) -> bool:
    """Whether a word, or a word that is no particle, is on both sides."""
    shared = {*left} & {*right}
    return shared in ({*left}, {*right}) or any(len(word) >= _SHORTEST for word in shared)


def _alike(left: str, right: str) -> bool:
    """Whether most letters are equal, or the consonants: transcriptions differ mostly in vowels and double letters."""
    consonants = _consonants(left)
    if len(consonants) > 1 and consonants == _consonants(right):
        return True
    letters = SequenceMatcher(None, left, right, autojunk=False)  # the quick ratios are never below the ratio
    return all(ratio() >= _ALIKE for ratio in (letters.real_quick_ratio, letters.quick_ratio, letters.ratio))


def _consonants(word: str) -> str:
    return "".join(letter for letter, _ in groupby(letter for letter in word if letter not in "aeiouy"))


_ALIKE = 0.8
"""The share of equal letters from which two spellings count as near."""
_SHORTEST = 4
"""The letters of the shortest word that makes two double names near: not van, von, bin, del."""


def name_key(given_name: str | None, family_name: str | None) -> str:
    """All words of a name in alphabetical order, to look up equal names whatever their order; empty without a name."""
    return " ".join(sorted({*_words(given_name), *_words(family_name)}))


def normalised_name(name: str | None) -> str:
    """The name in the form in which it is compared. A name without letter or digit is empty."""
    return " ".join(_words(name))


def _words(name: str | None) -> list[str]:
    if name and name.isascii() and name.isalpha():
        return [name.casefold()]
    visible = "".join(letter for letter in unicodedata.normalize("NFC", name or "") if letter not in _LEFT_OUT)
    spelled = unicodedata.normalize("NFKD", visible.casefold()).casefold().translate(_LETTERS)
    for marked, letters in _MARKED.items():
        spelled = spelled.replace(marked, letters)
    bare = unicodedata.normalize("NFC", "".join(letter for letter in spelled if letter not in _MARKS))
    separated = "".join(
        letter if _is_of_a_word(letter) else " " for letter in bare if not unicodedata.combining(letter)
    )
    return [word for word in separated.split() if any(letter.isalnum() for letter in word)]


def _is_of_a_word(letter: str) -> bool:
    return letter.isalnum() or unicodedata.category(letter).startswith("M")


_APOSTROPHES = frozenset(
    "'`\u00b4\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u02ca\u02cb\u0374\u0384\u055a\u05f3\u1fbd\u1fbf\u1fef\u1ffd"
    "\u2018\u2019\u201a\u201b\u2032\u2035\ua78c\uff07\uff40"
)
_LEFT_OUT = _APOSTROPHES | BLANK | SELECTORS
_MARKS = frozenset(map(chr, range(0x0300, 0x0370)))
"""Accents on Latin, Greek and Cyrillic letters."""
_MARKED = {"a\u030a": "aa", "a\u0308": "ae", "o\u0308": "oe", "o\u0338": "oe"}
_LETTERS = str.maketrans(
    {
        "æ": "ae", "ø": "oe", "œ": "oe", "đ": "d", "ð": "d", "ɖ": "d", "ŋ": "n", "ŧ": "t", "ł": "l", "þ": "th",
        "\u0131": "i", "ħ": "h", "ə": "e", "ɓ": "b", "ɗ": "d", "ƙ": "k", "ƴ": "y", "ß": "ss",
    }
)  # fmt: skip
"""Letters that Unicode does not decompose, and how they are written without them."""
