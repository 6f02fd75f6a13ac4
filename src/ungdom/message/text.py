"""Text from outside, by whatever way it comes: what a string may hold, and the types that check it.

Every string of a request body, a query, a path or a header, of a pushed or imported decision and of an official message
is declared with one of these types, or with a pattern or list of its own that is narrower.
"""

import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode general categories that no text may hold.

Controls (NUL among them), format characters (direction marks, zero width), surrogates, private use, unassigned code
points and noncharacters, line and paragraph separators.
"""

BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters, marks and symbols that no text may hold either, because they are drawn as nothing.

The combining grapheme joiner, the Hangul fillers, two inherent vowels of Khmer, the empty Braille pattern.
"""

SELECTORS = frozenset(map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
"""Variation selectors: a text may hold them, for emoji and CJK, and they tell no two names apart."""

LINE_BREAKS = frozenset("\n\t")
"""The controls that a text of several lines may hold."""

NAME, NOTE, CODE, REFERENCE, IDENTIFIER, TAG, PATH, HEADER, CURSOR = (
    200, 4000, 40, 64, 200, 100, 500, 1000, 2000
)  # fmt: skip
"""The most characters that each kind of text may have, after normalisation."""


def is_printable(text: str, multiline: bool = False) -> bool:
    """Whether it holds no forbidden character; line feeds and tabs only when it may have several lines."""
    if text.isascii() and text.isprintable():
        return True
    allowed = LINE_BREAKS if multiline else frozenset()
    return all(c in allowed or not (c in BLANK or unicodedata.category(c) in FORBIDDEN) for c in text)


@dataclass(frozen=True, slots=True)
class Printable:
    """Annotation of a `str`: no forbidden character, NFC, at most `longest` characters.

    `multiline`: line feeds and tabs are allowed. `blank`: it may be empty; otherwise the white space around it is
    removed and something has to be left. `exact`: kept as written, neither normalised nor stripped.
    """

    longest: int
    multiline: bool = False
    blank: bool = False
    exact: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The string with its length, then the check of its characters."""
        limits = core_schema.str_schema(max_length=self.longest, min_length=None if self.blank else 1)
        return core_schema.no_info_after_validator_function(self.cleaned, limits)

    def cleaned(self, text: str) -> str:
        """The text as it is kept. Raises `PydanticCustomError`, a `ValueError`, that repeats nothing of it."""
        if not self.blank and not text.strip():
            raise PydanticCustomError("string_too_short", "holds nothing", {"min_length": 1})
        if not is_printable(text, self.multiline):
            raise PydanticCustomError("control_characters", "holds characters that cannot be seen")
        if self.exact:
            return text
        normalised = unicodedata.normalize("NFC", text)
        if len(normalised) > self.longest:
            raise PydanticCustomError("string_too_long", "is too long", {"max_length": self.longest})
        return normalised if self.blank else normalised.strip()


LineText = Annotated[str, Printable(NAME)]
"""A name, a contact or an address on one line."""
NoteText = Annotated[str, Printable(NOTE, multiline=True, blank=True)]
"""A note of several lines."""
SearchText = Annotated[str, Printable(NAME)]
"""Words to search for."""
CodeText = Annotated[str, Printable(CODE, blank=True)]
"""A code of ours that something is looked up by: a konfliktråd, a clock, a reason."""
ReferenceText = Annotated[str, Printable(REFERENCE, blank=True)]
"""A name that something is looked up by: a coordinator, an extract, a type of message."""
PathText = Annotated[str, Printable(PATH, blank=True, exact=True)]
"""The path of a file below a folder of ours."""
SecretText = Annotated[str, Printable(IDENTIFIER, blank=True, exact=True)]
"""A token in an address: looked up by its hash, never repeated."""
CursorText = Annotated[str, Printable(CURSOR, blank=True, exact=True)]
"""A cursor of ours, handed back."""
TagText = Annotated[str, Printable(TAG, blank=True, exact=True)]
"""The value of a header that names versions of a thing."""
HeaderText = Annotated[str, Printable(HEADER, blank=True, exact=True)]
"""The value of a header that is read and not kept."""
ForeignId = Annotated[str, Printable(IDENTIFIER, exact=True)]
"""The id that another system gave to a message: kept and repeated exactly as written."""
