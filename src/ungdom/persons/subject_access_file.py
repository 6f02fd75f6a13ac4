"""The file of a subject access: one ZIP with the data as JSON, and as a page to read in every language."""

import io
import json
import zipfile
from collections.abc import Iterator
from html import escape
from typing import Any

from ungdom import texts
from ungdom.persons.subject_access import DataCategory, SubjectAccess
from ungdom.texts import Language

MEDIA_TYPE = "application/zip"
DATA_FILE = "data.json"
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
    intro = _sentence(language, "intro", day=texts.render(language, access.made_at.date()))
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


def _shown(value: Any, language: Language) -> str:
    """A value as HTML: fields as a table, several things as a list."""
    if isinstance(value, dict):
        rows = (f"<tr><th>{escape(name)}</th><td>{_shown(inner, language)}</td></tr>" for name, inner in value.items())
        return f"<table>{''.join(rows)}</table>"
    if isinstance(value, list):
        if not value:
            return escape(_sentence(language, "nothing"))
        return "<ol>" + "".join(f"<li>{_shown(inner, language)}</li>" for inner in value) + "</ol>"
    return escape(_word(value, language))


def _word(value: Any, language: Language) -> str:
    """A value in words: a code by its label, a day as it is written, anything else as it is stored."""
    if value is None or isinstance(value, bool):
        return texts.render(language, value)
    try:
        return texts.label(language, str(value))
    except KeyError:
        return str(value)


def _term(term: dict[str, Any], language: Language) -> str:
    what = _word(term["rule"], language)
    keep, counted_from = texts.render(language, term["keep"]), texts.render(language, term["counted_from"])
    key = "term_until" if term["until"] else "term"
    until = texts.render(language, term["until"])
    return _sentence(language, key, what=what, keep=keep, counted_from=counted_from, until=until)


def _ground(part: dict[str, Any], language: Language) -> str:
    what = _word(part["part"], language)
    return f"{what}: {texts.text(language, 'subject_access_withheld', part['code'])} ({part['code']})"


def _sentence(language: Language, key: str, **values: str) -> str:
    return texts.text(language, "subject_access", key, **values)
