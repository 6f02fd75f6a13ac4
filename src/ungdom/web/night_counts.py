"""What a night counts, in words."""

import re
from collections.abc import Mapping

from ungdom import texts
from ungdom.retention.rules import RetentionCode
from ungdom.texts import Language
from ungdom.texts.numbers import number
from ungdom.web.templating import SECTION

_RULES = "|".join(RetentionCode)
_OF_RETENTION = re.compile(rf"retention_({_RULES})_(erased|unconfirmed|failed)")
"""A count of the rules of retention: of which rule, and what became of its rows."""


def counts_in_words(language: Language, counts: Mapping[str, int]) -> list[str]:
    """Each count with its name in this language, in their order. A name of another version of the program is kept."""
    return [f"{number(language, count)} {_name_of(language, name)}" for name, count in counts.items()]


def _name_of(language: Language, name: str) -> str:
    if match := _OF_RETENTION.fullmatch(name):
        what = texts.render(language, RetentionCode(match[1]))
        return texts.text(language, SECTION, f"count.retention_{match[2]}", what=what)
    return texts.catalogue(language)[SECTION].get(f"count.{name}", name)
