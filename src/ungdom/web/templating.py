"""Templates: a page is a file, a fragment a block of it. Everything is escaped; a missing name is an error."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ungdom import texts
from ungdom.store import reference
from ungdom.texts import Language
from ungdom.texts.numbers import number
from ungdom.web import formats
from ungdom.web.assets import assets

SECTION = "page"
"""The section of the catalogues with the texts of the pages."""

_LAW = re.compile(r"office norm|(?:first|second|third|fourth|fifth|sixth|last) paragraph|\bch\.")
"""Words in the names of provisions, which are in English in the tables of the workflow."""


@cache
def environment(language: Language) -> Environment:
    """The environment of a language: `t` is a text of the pages, `word` a word of another section."""
    env = Environment(
        loader=PackageLoader("ungdom.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )

    def page_text(key: str, **values: str | int) -> str:
        return texts.text(language, SECTION, key, **values)

    def word(section: str, key: str) -> str:
        return texts.text(language, section, key)

    def days(count: int) -> str:
        return page_text("days.one" if abs(count) == 1 else "days.many", count=number(language, count))

    env.globals.update(
        t=page_text,
        word=word,
        days=days,
        law=lambda written: law_in(language, written),
        office=lambda code: reference.office_name(code, language),
        lower=lambda value: texts.render(language, value),
        asset=assets().url,
        language=language,
        languages={code: texts.text(code, SECTION, "language") for code in texts.languages()},
        day=lambda value: formats.day(language, value),
        short_day=lambda value: formats.short_day(language, value),
        weekday=lambda value: formats.weekday(language, value),
        instant=lambda value: formats.instant(language, value),
        urgency=formats.urgency,
        number=lambda value: number(language, value),
        percent=lambda value: formats.percent(language, value),
    )
    return env


def law_in(language: Language, written: str) -> str:
    """The name of a provision in this language."""
    return _LAW.sub(lambda match: texts.text(language, SECTION, f"law.{match[0]}"), written)


def render(language: Language, template: str, values: Mapping[str, Any], block: str | None = None) -> str:
    """The page, or one block of it, in this language. Such a block imports inside itself what it uses."""
    found_template = environment(language).get_template(template)
    if block is None:
        return found_template.render(values)
    context = found_template.new_context(dict(values))
    return "".join(found_template.blocks[block](context))
