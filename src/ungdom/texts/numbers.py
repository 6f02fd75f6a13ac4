"""Numbers as they are written in each language, by Babel."""

from functools import cache

from babel import Locale
from babel import numbers as babel_numbers

from ungdom.texts import Language

TERRITORIES = {"nb": "NO", "nn": "NO", "en": "GB"}
"""Whose customs a language follows here, where there are several."""


@cache
def locale_of(language: Language) -> Locale:
    """How this language writes days and numbers. Raises `babel.UnknownLocaleError`."""
    return Locale(language, TERRITORIES.get(language))


def number(language: Language, value: int | float) -> str:
    """A number with the separators of the language: 12 345."""
    return babel_numbers.format_decimal(value, locale=locale_of(language))


def tenths(language: Language, value: float) -> str:
    """A number with one decimal: 0,7."""
    return babel_numbers.format_decimal(value, format="0.0", locale=locale_of(language))
