"""The file of a subject access: one ZIP with the data as JSON, and as a page to read in every language."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from html import escape
from typing import Any

from ungdom import texts
from ungdom.persons.subject_access import DataCategory, SubjectAccess, WithheldCode
from ungdom.store import reference
from ungdom.texts import Language, fields
from ungdom.workflow.calendar import OSLO, oslo_date
from ungdom.workflow.events import SHAPE, details_schema
from ungdom.workflow.rules.access import WithholdingCode
from ungdom.workflow.vocabulary import EventType

MEDIA_TYPE = "application/zip"
DATA_FILE = "data.json"
FREE_TEXT = frozenset({"name", "given_name", "family_name", "address", "email", "telephone", "text", "reason"})
"""Fields that hold what somebody wrote."""
OFFICES = frozenset({"office", "konfliktrad", "to"})
"""Fields that hold the code of a konfliktråd."""
WORDS = {"sex": "statistic_number", "kind": "subject_access_kind"}
"""By field, the section of the texts that is looked up first, because a code alone could mean several things."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The date of each file in the ZIP, so that the same data gives the same bytes."""
_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font-family:sans-serif;max-width:60em;margin:2em auto;padding:0 1em}}
table{{border-collapse:collapse}}td,th{{border:1px solid;padding:.3em .6em;text-align:left;vertical-align:top}}</style>
</head><body><h1>{title}</h1><p>{intro}</p>
{body}
</body></html>
"""


def build(access: SubjectAccess) -> bytes:
    """The ZIP. The same data gives the same bytes."""
    data = {"made_at": access.made_at.isoformat(), **access.content}
    files = {DATA_FILE: json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n"}
    files |= {f"{language}.html": page(access, language) for language in texts.languages()}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, _FIRST_DAY), text.encode())
    return target.getvalue()


def page(access: SubjectAccess, language: Language) -> str:
    """The data as a page of HTML."""
    intro = _sentence(language, "intro", day=texts.render(language, oslo_date(access.made_at)))
    body = "\n".join(_sections(access.content, language))
    return _PAGE.format(language=language, title=escape(_sentence(language, "title")), intro=escape(intro), body=body)


def _sections(content: dict[str, Any], language: Language) -> Iterator[str]:
    person = dict(content["person"])
    history = person.pop("history")
    parts: dict[DataCategory, Any] = {
        DataCategory.PERSON: person,
        DataCategory.HISTORY: history,
        DataCategory.CASES: content["cases"],
        DataCategory.MESSAGES: content["messages"],
        DataCategory.REGISTER_EVENTS: content["register_events"],
        DataCategory.OBSERVATIONS: content["observations"],
        DataCategory.ACCESSES: content["accesses"],
    }
    for category, value in parts.items():
        yield f"<h2>{escape(texts.label(language, category))}</h2>"
        yield f"<p>{escape(texts.text(language, 'subject_access_purpose', category))}</p>"
        yield _shown(value, language)
    yield f"<h2>{escape(_sentence(language, 'retention'))}</h2>"
    yield "<ul>" + "".join(f"<li>{escape(_term(term, language))}</li>" for term in content["retention"]) + "</ul>"
    yield f"<h2>{escape(_sentence(language, 'withheld'))}</h2>"
    yield "<ul>" + "".join(f"<li>{escape(_ground(part, language))}</li>" for part in content["withheld"]) + "</ul>"


def _shown(value: Any, language: Language, owners: tuple[str, ...] = (), name: str = "") -> str:
    """A value as HTML: fields as a table, several things as a list. `owners`: the shapes that describe the fields."""
    if isinstance(value, dict):
        rows = (_row(key, inner, language, _owners_in(value, key, owners)) for key, inner in value.items())
        return f"<table>{''.join(rows)}</table>"
    if isinstance(value, list):
        if not value:
            return escape(_sentence(language, "nothing"))
        return "<ol>" + "".join(f"<li>{_shown(inner, language, owners, name)}</li>" for inner in value) + "</ol>"
    return escape(_written(name, value, language))


def _row(name: str, value: Any, language: Language, owners: tuple[str, ...]) -> str:
    return f"<tr><th>{escape(_label(name, language, owners))}</th><td>{_shown(value, language, owners, name)}</td></tr>"


def _owners_in(value: dict[str, Any], name: str, owners: tuple[str, ...]) -> tuple[str, ...]:
    """The shapes of the field of this name: of the details of an event those of its type."""
    if name != "details":
        return owners
    kind = EventType(value["type"])
    return (SHAPE[kind].__name__, *details_schema(kind).get("$defs", {}))


def _label(name: str, language: Language, owners: tuple[str, ...]) -> str:
    """What a field is called: in the details of an event as in its form, elsewhere by a text of this page."""
    key = fields.key_of(name, owners) if owners else None
    described = fields.catalogue(language).get(key) if key else None
    if described and described.label:
        return described.label
    return texts.text(language, "subject_access_field", name)


def _written(name: str, value: Any, language: Language) -> str:
    """A value in words: days and times in Norwegian time, codes by their labels, what people wrote as it is."""
    if value is None or isinstance(value, bool):
        return texts.render(language, value)
    if name in FREE_TEXT or not isinstance(value, str):
        return str(value)
    if name == "fields":
        return _label(value, language, ())
    if name in OFFICES:
        return reference.office_name(value, language)
    return _moment(value, language) or _word(value, language, WORDS.get(name, ""))


def _moment(value: str, language: Language) -> str | None:
    """A day, or a day and a time, as it is written; None for other texts."""
    try:
        at = datetime.fromisoformat(value) if _TIME.fullmatch(value) else None
        day = date.fromisoformat(value) if _DAY.fullmatch(value) else None
    except ValueError:
        return None
    if at is not None:
        local = at.astimezone(OSLO)
        return _sentence(language, "moment", day=texts.render(language, local.date()), time=f"{local:%H:%M}")
    return texts.render(language, day) if day else None


def _word(value: str, language: Language, section: str = "") -> str:
    """A code by its label, anything else as it is stored. `section`: of the texts, that has the code."""
    if section and value in (own := texts.catalogue(language)[section]):
        return own[value]
    try:
        return texts.label(language, value)
    except KeyError:
        return value


def _term(term: dict[str, Any], language: Language) -> str:
    what = _word(term["rule"], language)
    keep, counted_from = texts.render(language, term["keep"]), texts.render(language, term["counted_from"])
    key = "term_until" if term["until"] else "term"
    until = texts.render(language, term["until"])
    return _sentence(language, key, what=what, keep=keep, counted_from=counted_from, until=until)


def _ground(part: dict[str, Any], language: Language) -> str:
    what, values = _word(part["part"], language), {}
    if part["code"] == WithheldCode.ACCESS_HELD_BACK:
        day = texts.render(language, part["review_on"])
        values = {"count": part["count"], "reason": texts.label(language, WithholdingCode(part["reason"])), "day": day}
    return f"{what}: {texts.text(language, 'subject_access_withheld', part['code'], **values)} ({part['code']})"


def _sentence(language: Language, key: str, **values: str) -> str:
    return texts.text(language, "subject_access", key, **values)
