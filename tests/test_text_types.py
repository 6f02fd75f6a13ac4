"""Every string that comes in has a type that says what it may hold: a bare `str` in an input fails here.

Read from the validators themselves, so that it does not matter how a type is spelt or where it is declared.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter

from ungdom.app import ROUTERS
from ungdom.esas.inbound import _READERS, Kvittering
from ungdom.message import TERMS, DecisionMessage
from ungdom.message.text import NAME, NOTE, CursorText, LineText, NoteText, Printable, is_printable
from ungdom.workflow.events import SHAPE, Corrected

READ_LATER = {"details": "by `read_details`, in the shape of the event's type", "terms": "by the reader of its kind"}
"""Fields that are any JSON to begin with, and what reads them."""

_NOT_VALIDATED = {"metadata", "serialization", "function", "ref", "default", "cls", "config"}


def bare(schema: Any, guarded: bool = False, name: str = "") -> Iterator[str]:
    """The names of strings in a core schema that neither a pattern nor `Printable` restricts, and of any JSON."""
    if isinstance(schema, dict):
        kind, name = schema.get("type"), schema.get("name", name)
        if kind == "any" or (kind == "str" and not guarded and "pattern" not in schema):
            yield f"{name} ({kind})"
        guarded = guarded or isinstance(getattr(_function(schema), "__self__", None), Printable)
    for inside, inner in _inside(schema, name):
        yield from bare(inner, guarded, inside)


def _inside(schema: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(schema, list | tuple):
        yield from ((name, inner) for inner in schema)
    elif isinstance(schema, dict) and schema.get("type") in ("model-fields", "typed-dict"):
        yield from schema["fields"].items()
    elif isinstance(schema, dict):
        yield from ((name, inner) for key, inner in schema.items() if key not in _NOT_VALIDATED)


def _function(schema: dict[str, Any]) -> Any:
    function = schema.get("function")
    return function.get("function") if isinstance(function, dict) else None


def of(kind: Any) -> list[str]:
    return sorted(set(bare(TypeAdapter(kind).core_schema)))


def inputs() -> Iterator[tuple[str, Any]]:
    """Each parameter and body of each operation: where it is, and its type."""
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for place, field in _fields(route.dependant):
                kind = Annotated[field.field_info.annotation, *(field.field_info.metadata or [None])]
                yield f"{sorted(route.methods)[0]} {route.path} {place} {field.name}", kind


def _fields(dependant: Any) -> Iterator[tuple[str, Any]]:
    for place in ("path", "query", "header", "cookie", "body"):
        yield from ((place, field) for field in getattr(dependant, f"{place}_params"))
    for inner in dependant.dependencies:
        yield from _fields(inner)


def test_no_parameter_and_no_body_of_any_route_takes_a_bare_string() -> None:
    found = {where: of(kind) for where, kind in inputs()}
    expected = {f"{name} (any)" for name in READ_LATER} | {f"{name} (str)" for name in READ_LATER}
    wrong = {where: sorted(set(names) - expected) for where, names in found.items()}
    assert {where: names for where, names in wrong.items() if names} == {}
    assert len(found) > 100


SENT_IN = sorted({*SHAPE.values(), *TERMS.values()} - {Corrected}, key=lambda shape: shape.__name__)
"""What a correction holds is made here, of details that were read."""


@pytest.mark.parametrize("shape", SENT_IN)
def test_no_detail_of_an_event_and_no_term_of_a_decision_is_a_bare_string(shape: type) -> None:
    assert of(shape) == []


def test_no_string_of_a_decision_is_bare() -> None:
    assert of(DecisionMessage) == ["terms (any)"]


@pytest.mark.parametrize("shape", [*(shape for shape, _ in _READERS.values()), Kvittering], ids=lambda s: s.__name__)
def test_no_string_of_an_official_message_that_is_read_is_bare(shape: type[BaseModel]) -> None:
    """What is not read is any JSON: it is kept inside the sealed message and nowhere else."""
    assert {name.rpartition(" ")[2] for name in of(shape)} == {"(any)"}


class Offender(BaseModel):
    name: str
    fine: LineText
    several: list[str] = []


@dataclass
class Other:
    inner: dict[str, Any]


def test_a_bare_string_would_be_seen() -> None:
    assert of(Offender) == ["name (str)", "several (str)"]
    assert of(Other) == ["inner (any)", "inner (str)"]
    assert of(Annotated[str, Printable(3)]) == []


# --- the types themselves -----------------------------------------------------------------------------------


FORBIDDEN = {
    "NUL": "\x00", "C0": "\x1f", "DEL": "\x7f", "C1": "\x85", "soft hyphen": "\xad", "zero width": "\u200d",
    "right to left": "\u202e", "isolate": "\u2066", "byte order mark": "\ufeff", "surrogate": "\ud800",
    "private use": "\ue000", "private plane": "\U0010fffd", "noncharacter": "\ufffe", "last": "\U0010ffff",
    "unassigned": "\u0378", "tag": "\U000e0041", "line separator": "\u2028", "paragraph separator": "\u2029",
    "carriage return": "\r", "grapheme joiner": "\u034f", "Hangul filler": "\u3164", "Hangul choseong": "\u115f",
    "Hangul jungseong": "\u1160", "halfwidth Hangul": "\uffa0", "Khmer vowel": "\u17b4", "Braille": "\u2800",
}  # fmt: skip


@pytest.mark.parametrize("character", FORBIDDEN.values(), ids=FORBIDDEN)
@pytest.mark.parametrize("kind", [LineText, NoteText, CursorText])
def test_no_text_holds_what_cannot_be_seen(kind: Any, character: str) -> None:
    for text in (f"a{character}b", f"{character}b", f"a{character}"):
        assert not is_printable(text)
        with pytest.raises(ValueError, match=r"control_characters|string_unicode"):
            TypeAdapter(kind).validate_python(text)


@pytest.mark.parametrize(
    "text", ["Åse", "Ǩárášjohka", "Владимир", "محمد", "李小龍", "Zoë O’Brien-Ødegård", "a  b", "😀", "½"]
)
def test_what_people_write_is_text(text: str) -> None:
    assert TypeAdapter(LineText).validate_python(f" {text} ") == text


def test_text_is_composed_and_its_length_is_that_of_what_is_kept() -> None:
    assert TypeAdapter(LineText).validate_python("A\u030ase") == "Åse"
    assert len(TypeAdapter(LineText).validate_python("x" * NAME)) == NAME
    assert len(TypeAdapter(NoteText).validate_python("x\n" * (NOTE // 2))) == NOTE
    for text in ("x" * (NAME + 1), "\U0001d160" * NAME):  # a note that NFC writes with three characters
        with pytest.raises(ValueError, match="string_too_long"):
            TypeAdapter(LineText).validate_python(text)


@pytest.mark.parametrize("text", ["", " ", "\u00a0", "\u3000", "\n"])
def test_a_line_of_nothing_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="string_too_short"):
        TypeAdapter(LineText).validate_python(text)
