"""Texts for people, in bokmål, nynorsk and English: labels by enum value, sentences by refusal and problem code."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple, get_args

from ungdom.workflow.guards.core import Value
from ungdom.workflow.vocabulary import EventType

Language = Literal["nb", "nn", "en"]
Catalogue = dict[str, dict[str, str]]
"""Section, key, text. A table inside a section gives keys with a dot: `stale.title`."""

_LANGUAGES: tuple[Language, ...] = get_args(Language)
_TAGS: dict[str, Language] = {"nb": "nb", "no": "nb", "nn": "nn", "en": "en"}
_SENTENCES = frozenset(
    {
        "word",
        "refusal",
        "problem",
        "invalid",
        "advice",
        "remark",
        "decision_reason",
        "exchange_reason",
        "exchange_flag",
        "exchange_fault",
        "exchange_problem",
        "forecast",
        "missing_member",
        "not_shared",
        "access",
        "delay",
        "waiting",
        "calendar",
        "notice",
        "indicator",
        "indicator_group",
        "indicator_unit",
        "indicator_period",
        "consent_part",
        "survey_kind",
        "survey_question",
        "survey",
        "caseload_warning",
        "extract",
        "extract_word",
        "family",
        "statistic_dimension",
        "statistic",
        "comparison",
        "statistic_number",
        "retention_basis",
        "erasure_hold",
        "subject_access",
        "subject_access_purpose",
        "subject_access_field",
        "subject_access_kind",
        "subject_access_withheld",
        "page",
    }
)
_SECTIONS: dict[type[StrEnum], str] = {EventType: "event"}
_RANGE = re.compile(r"\s*([a-z]{1,8}|\*)(?:-[a-z0-9-]+)?\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?\s*", re.I)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LENGTH = re.compile(r"\d+ (?:year|month|week|day)s?(?: \d+ (?:year|month|week|day)s?)*", re.ASCII)
_MOST_QUOTED = 4
"""The largest number of alternatives named in a sentence; further ones are only counted."""

# Kinds of validation problems (pydantic's names) that use the sentence of another kind.
_SAME_AS = {
    "unexpected_keyword_argument": "extra_forbidden",
    "date_from_datetime_inexact": "date_parsing",
    "datetime_parsing": "timezone_missing",
    "datetime_from_date_parsing": "timezone_missing",
    "datetime_type": "timezone_missing",
    "timezone_aware": "timezone_missing",
    "literal_error": "enum",
    "int_type": "int_parsing",
    "int_from_float": "int_parsing",
    "int_parsing_size": "int_parsing",
    "bool_type": "bool_parsing",
    "string_unicode": "control_characters",
    "tuple_type": "list_type",
    "uuid_type": "uuid_parsing",
    "dataclass_type": "model_type",
    "dict_type": "model_type",
    "model_attributes_type": "model_type",
    "json_type": "json_invalid",
    "assertion_error": "value_error",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
    "greater_than": "out_of_range",
    "less_than": "out_of_range",
}
_WITH_LIMIT = {
    "greater_than_equal": "number_at_least",
    "less_than_equal": "number_at_most",
    "greater_than": "number_above",
    "less_than": "number_below",
    "string_too_short": "characters_at_least",
    "string_too_long": "characters_at_most",
    "too_short": "values_at_least",
    "too_long": "values_at_most",
}
"""The sentences that state a limit. The plain ones are for empty texts and lists, and for unknown limits."""


@cache
def catalogue(language: Language) -> Catalogue:
    """All texts of a language, read from its file at the first use. Shared by all callers: do not modify the result."""
    raw = tomllib.loads(files(__name__).joinpath(f"{language}.toml").read_text(encoding="utf-8"))
    return {section: dict(_flat(body)) for section, body in raw.items()}


@cache
def code_words() -> Mapping[str, str]:
    """The terms of the code for the glossary, each with one English sentence, in alphabetical order as in the file."""
    words: dict[str, str] = tomllib.loads(files(__name__).joinpath("code_words.toml").read_text(encoding="utf-8"))
    return words


def _flat(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in body.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{part}", inner) for part, inner in value.items())
        else:
            yield key, value


@cache
def _all_labels(language: Language) -> dict[str, str]:
    labels: dict[str, str] = {}
    for section, body in catalogue(language).items():
        if section not in _SENTENCES:
            labels = body | labels
    return labels


def languages() -> tuple[Language, ...]:
    """The supported languages; the first is the default."""
    return _LANGUAGES


def negotiate(accept_language: str | None) -> Language:
    """The supported language that an Accept-Language header prefers; bokmål by default. RFC 9110 § 12.5.4."""
    qualities: dict[Language, float] = {}
    rest = 0.0
    ranges = (matched for part in (accept_language or "").split(",") if (matched := _RANGE.fullmatch(part)))
    for matched in ranges:
        tag, quality = matched[1].lower(), float(matched[2] or 1)
        if language := _TAGS.get(tag):
            qualities[language] = max(quality, qualities.get(language, 0.0))
        elif tag == "*":
            rest = max(quality, rest)
    best = max(dict.fromkeys([*qualities, *_LANGUAGES]), key=lambda x: qualities.get(x, rest))
    return best if qualities.get(best, rest) > 0 else _LANGUAGES[0]


def text(language: Language, section: str, key: str, **values: str | int) -> str:
    """One text with its placeholders filled in. Raises KeyError if the text or a value is missing."""
    return catalogue(language)[section][key].format(**values)


@cache
def section_of(words: type[StrEnum]) -> str:
    """The section with the labels of an enum: the class name in snake_case, unless a shorter one is defined."""
    return _SECTIONS.get(words) or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", words.__name__).lower()


def label(language: Language, word: str) -> str:
    """The label of an enum member, capitalised for use on its own.

    A plain string is looked up in every section of labels; the first match in the order of the catalogue is
    returned, states before events.
    """
    if isinstance(word, StrEnum):
        return catalogue(language)[section_of(type(word))][word]
    return _all_labels(language)[word]


def render(language: Language, value: object) -> str:
    """A value as part of a sentence: 8. mai 2025, ja, 120 dager, ungdommen eller vergen; `–` for None."""
    if value is None or value in ([], ()):
        return text(language, "word", "none")
    if isinstance(value, bool):
        return text(language, "word", "yes" if value else "no")
    if isinstance(value, date):
        month = text(language, "word", "calendar").split()[value.month - 1]
        return text(language, "word", "date", day=value.day, month=month, year=value.year)
    if isinstance(value, list | tuple):
        return _joined_with_or(language, [render(language, item) for item in value])
    return _render_word(language, value)


def refusal(
    language: Language,
    code: str,
    current: Value,
    needed: Value,
    earliest: date | None,
    leads_there: Sequence[str] = (),
    because: str | None = None,
) -> str:
    """The sentences for an unmet condition: what is not as required, and what would help.

    `leads_there`: the moves that lead to a state in which the step is possible. `because`: why a regime applies.

    A text may also contain `low` and `high`, the first and last of the needed values if they form a range, and
    `named`, the alternatives in quotation marks, abbreviated if there are many.
    """
    return _refusal(language, code, _frozen(current), _frozen(needed), earliest, tuple(leads_there), because)


class _Listed(NamedTuple):
    """A list of values as an argument that can be kept. `kinds`: their classes, since equal words differ in label."""

    values: tuple[str, ...]
    kinds: tuple[type, ...]


def _frozen(value: Value) -> date | str | int | _Listed | None:
    return _Listed(tuple(value), tuple(map(type, value))) if isinstance(value, list) else value


@lru_cache(maxsize=4096, typed=True)
def _refusal(
    language: Language,
    code: str,
    frozen_current: date | str | int | _Listed | None,
    frozen_needed: date | str | int | _Listed | None,
    earliest: date | None,
    leads_there: tuple[str, ...],
    because: str | None,
) -> str:
    """As `refusal`; the same conditions are unmet in many cases, and asked about again and again in one."""
    current, needed = (
        list(value.values) if isinstance(value, _Listed) else value for value in (frozen_current, frozen_needed)
    )
    ends = needed if isinstance(needed, list) and needed else [needed]
    way = ", ".join(text(language, "word", "quoted", word=label(language, move)) for move in leads_there)
    sentence = text(
        language,
        "refusal",
        code,
        current=render(language, current),
        needed=render(language, needed),
        named=_quoted_alternatives(language, ends),
        low=render(language, ends[0]),
        high=render(language, ends[-1]),
        earliest=render(language, earliest),
    )
    more = [text(language, "refusal_addition", "leads_there", way=way)] if way else []
    more += [text(language, "refusal_addition", because)] if because else []
    return " ".join((sentence, *more))


def invalid(language: Language, kind: str, values: Mapping[str, str | int] | None = None) -> str:
    """The sentence for a kind of validation problem, by pydantic's name; a general one for other kinds.

    `values`: the `limit` that is exceeded, the `rule` of form that is violated, and further values for the
    sentence.
    """
    sentences, named = catalogue(language)["invalid"], values or {}
    key = _SAME_AS.get(kind, kind)
    if "rule" in named:
        key = str(named["rule"])
    elif "limit" in named and not (named["limit"] == 1 and kind.endswith("short")):
        key = _WITH_LIMIT.get(kind, key)
    try:
        return sentences.get(key, sentences["other"]).format(**named)
    except KeyError:  # a problem that was stored with its code only
        return sentences["other"]


def _render_word(language: Language, value: object) -> str:
    word = value if isinstance(value, str) else str(value)
    if isinstance(word, StrEnum) or word in _all_labels(language):
        written = label(language, word)
        return written[0].lower() + written[1:] if written[1:2].islower() else written  # an abbreviation
    if _LENGTH.fullmatch(word):
        numbers, units = word.split()[::2], word.split()[1::2]
        pairs = zip(numbers, units, strict=True)
        return f" {text(language, 'word', 'and')} ".join(f"{n} {text(language, 'word', unit)}" for n, unit in pairs)
    day = _day(word)
    return render(language, day) if day else word


def _day(word: str) -> date | None:
    try:
        return date.fromisoformat(word) if _DATE.fullmatch(word) else None
    except ValueError:
        return None


def _joined_with_or(language: Language, parts: Sequence[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} {text(language, 'word', 'or')} {last}" if first else last


def _quoted_alternatives(language: Language, alternatives: Sequence[Value]) -> str:
    cut = alternatives if len(alternatives) <= _MOST_QUOTED + 1 else alternatives[:_MOST_QUOTED]
    named = [text(language, "word", "quoted", word=render(language, alternative)) for alternative in cut]
    left = len(alternatives) - len(cut)
    return _joined_with_or(language, [*named, text(language, "word", "others", count=left)] if left else named)
