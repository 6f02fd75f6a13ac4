"""Text from outside, through any interface: the characters a string may contain, and the types that check it.

Every string of a request body, a query, a path or a header, of a pushed or imported decision and of an official message
is declared with one of these types, or with a narrower pattern or list of its own.
"""

import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode general categories that no text may contain.

Controls (NUL among them), format characters (direction marks, zero width), surrogates, private use, unassigned code
points and noncharacters, line and paragraph separators.
"""

BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters, marks and symbols that no text may contain, because they are rendered as nothing.

The combining grapheme joiner, the Hangul fillers, two inherent vowels of Khmer, the empty Braille pattern.
"""

SELECTORS = frozenset(map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
"""Variation selectors: allowed in texts, for emoji and CJK, but ignored in comparisons of names."""

LINE_BREAKS = frozenset("\n\t")
"""The controls that a text of several lines may contain."""

NAME, NOTE, CODE, REFERENCE, IDENTIFIER, TAG, PATH, HEADER, CURSOR = (
    200, 4000, 40, 64, 200, 100, 500, 1000, 2000
)  # fmt: skip
"""The maximum number of characters of each kind of text, after normalisation."""


def is_printable(text: str, multiline: bool = False) -> bool:
    """Whether the text contains no forbidden character. Line feeds and tabs are allowed only if `multiline`."""
    if text.isascii() and text.isprintable():
        return True
    allowed = LINE_BREAKS if multiline else frozenset()
    return all(c in allowed or not (c in BLANK or unicodedata.category(c) in FORBIDDEN) for c in text)


@dataclass(frozen=True, slots=True)
class Printable:
    """Annotation of a `str`: no forbidden character, NFC, at most `longest` characters.

    `multiline`: line feeds and tabs are allowed. `blank`: it may be empty; otherwise surrounding white space is
    removed and the rest must not be empty. `exact`: kept as written, neither normalised nor stripped.
    """

    longest: int
    multiline: bool = False
    blank: bool = False
    exact: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The schema of a string with its length, followed by the check of its characters."""
        limits = core_schema.str_schema(max_length=self.longest, min_length=None if self.blank else 1)
        return core_schema.no_info_after_validator_function(self.cleaned, limits)

    def cleaned(self, text: str) -> str:
        """The text as it is stored. Raises `PydanticCustomError`, a `ValueError`, without quoting it."""
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
"""The words of a search."""
CodeText = Annotated[str, Printable(CODE, blank=True)]
"""A code of this product used for a lookup: a konfliktråd, a clock, a reason."""
ReferenceText = Annotated[str, Printable(REFERENCE, blank=True)]
"""A name used for a lookup: a coordinator, an extract, a type of message."""
PathText = Annotated[str, Printable(PATH, blank=True, exact=True)]
"""The path of a file below a folder of this product."""
SecretText = Annotated[str, Printable(IDENTIFIER, blank=True, exact=True)]
"""A token in an address: looked up by its hash, never repeated."""
CursorText = Annotated[str, Printable(CURSOR, blank=True, exact=True)]
"""A cursor issued by this service and returned by the client."""
TagText = Annotated[str, Printable(TAG, blank=True, exact=True)]
"""The value of a header that lists versions of a resource, such as an entity tag."""
HeaderText = Annotated[str, Printable(HEADER, blank=True, exact=True)]
"""The value of a header that is read and not stored."""
ForeignId = Annotated[str, Printable(IDENTIFIER, exact=True)]
"""The id that another system assigned to a message: stored and returned exactly as written."""
