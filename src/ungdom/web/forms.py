"""Forms from the JSON Schema of an event's details: one control per field, named by its JSON Pointer.

What is typed goes back and forth as text under these names, so that a form that is refused comes back as it was sent.
Nothing is checked here: the interface does, and names the pointer of each fault.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Schema = Mapping[str, Any]
Entered = dict[str, list[str]]
"""What was typed, by the name of the control."""

DETAILS = "/details"
SPARE_ROWS = 2
"""Empty rows of a list at the end of those that are filled in."""
MOST_ROWS = 200
"""Rows of one list that are taken; no form of the service has as many."""
ID = "uuid"
"""The format of an id in a schema."""
YES, NO = "yes", "no"
CHOSEN = ("choice", "yes_no")
"""Kinds of controls with a list from which one value is chosen."""

_ROW = re.compile(r"[0-9]{1,4}")
_INTEGER = re.compile(r"-?[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Control:
    """One control. `kind`: choice, choices, yes_no, date, integer, text, lines, group or rows.

    `parts`: the controls of a group; `rows`: those of each row of a list. `options`: value and label. `default`: the
    value of a field that is left empty.
    """

    name: str
    kind: str
    label: str
    help: str
    required: bool
    options: Sequence[tuple[str, str]] = ()
    values: Sequence[str] = ()
    parts: Sequence["Control"] = ()
    rows: Sequence[Sequence["Control"]] = ()
    error: str | None = None
    default: str = ""

    @property
    def id(self) -> str:
        """The id of the element: a pointer without characters that a selector would have to escape."""
        return "f" + self.name.replace("/", "-")

    @property
    def value(self) -> str:
        """The only value; empty for none."""
        return self.values[0] if self.values else ""


@dataclass(frozen=True, slots=True)
class SchemaForm:
    """The form of a schema. `errors`: sentences by pointer."""

    schema: Schema
    entered: Entered = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    def controls(self) -> list[Control]:
        """The controls of the details, in the order of the schema."""
        return list(self._controls(self.schema, DETAILS))

    def details(self) -> dict[str, Any]:
        """What was typed, as details of an event; a field that is left empty is left out."""
        return self._object(self.schema, DETAILS) or {}

    def without_control(self, details: Mapping[str, Any]) -> dict[str, Any]:
        """Those of the details that nobody types, and for which there is no control: ids."""
        properties = self.schema.get("properties", {}).items()
        ids = (name for name, part in properties if self._resolved(part).get("format") == ID)
        return {name: details[name] for name in ids if name in details}

    # --- controls -------------------------------------------------------------------------------------------------

    def _controls(self, schema: Schema, pointer: str) -> Iterator[Control]:
        required = schema.get("required", ())
        for name, part in schema.get("properties", {}).items():
            inner = self._resolved(part)
            if inner.get("format") != ID:
                yield self._control(inner, f"{pointer}/{name}", name in required)

    def _control(self, schema: Schema, name: str, required: bool) -> Control:
        kind, options = self._kind(schema)
        parts = tuple(self._controls(schema, name)) if kind == "group" else ()
        rows: tuple[tuple[Control, ...], ...] = ()
        if kind == "rows":
            item, count = self._resolved(schema["items"]), self._filled_rows(name) + SPARE_ROWS
            rows = tuple(tuple(self._controls(item, f"{name}/{place}")) for place in range(count))
        label, text = str(schema.get("title", name)), str(schema.get("description", ""))
        values = self.entered.get(name, ())
        default = _typed(schema["default"]) if schema.get("default") is not None and kind in CHOSEN else ""
        error = self.errors.get(name)
        return Control(name, kind, label, text, required, options, values, parts, rows, error, default)

    def _kind(self, schema: Schema) -> tuple[str, Sequence[tuple[str, str]]]:
        if "enum" in schema:
            return "choice", _options(schema)
        if schema.get("type") == "array":
            item = self._resolved(schema["items"])
            if "enum" in item:
                return "choices", _options(item)
            return ("rows" if item.get("type") == "object" else "lines"), ()
        kinds = {"object": "group", "boolean": "yes_no", "integer": "integer"}
        plain = "date" if schema.get("format") == "date" else "text"
        return kinds.get(str(schema.get("type")), plain), ()

    def _resolved(self, schema: Schema) -> Schema:
        """The schema without references, and without the alternative of null."""
        if "anyOf" in schema:
            real = next(part for part in schema["anyOf"] if part.get("type") != "null")
            return {**self._resolved(real), **_without(schema, "anyOf")}
        if "$ref" in schema:
            target = self.schema["$defs"][schema["$ref"].rpartition("/")[2]]
            return {**target, **_without(schema, "$ref")}
        return schema

    # --- what was typed -------------------------------------------------------------------------------------------

    def _object(self, schema: Schema, pointer: str) -> dict[str, Any] | None:
        """The values of an object; None if nothing of it was typed."""
        values = {}
        for name, part in schema.get("properties", {}).items():
            value = self._value(self._resolved(part), f"{pointer}/{name}")
            if value is not None:
                values[name] = value
        return values or None

    def _value(self, schema: Schema, name: str) -> Any:
        kind, _ = self._kind(schema)
        if kind == "group":
            return self._object(schema, name)
        if kind == "rows":
            item = self._resolved(schema["items"])
            rows = (self._object(item, f"{name}/{place}") for place in range(self._filled_rows(name)))
            return [row for row in rows if row is not None] or None
        typed = [value.strip() for value in self.entered.get(name, ()) if value.strip()]
        if kind == "lines":
            lines = [line.strip() for value in typed for line in value.splitlines() if line.strip()]
            return [_plain(self._kind(self._resolved(schema["items"]))[0], line) for line in lines] or None
        if kind == "choices":
            return typed or None
        return _plain(kind, typed[0]) if typed else None

    def _filled_rows(self, name: str) -> int:
        """The number of rows in which something was typed: they are numbered from 0, without gaps."""
        start = f"{name}/"
        return len({key.removeprefix(start).partition("/")[0] for key in self.entered if key.startswith(start)})


def labels_of(controls: Iterable[Control]) -> Iterator[tuple[str, str]]:
    """The name and the label of each control, those inside others as well."""
    for control in controls:
        yield control.name, control.label
        yield from labels_of(control.parts)
        for row in control.rows:
            yield from labels_of(row)


def entered_in(fields: Iterable[tuple[str, str]]) -> Entered:
    """What a form has sent, by name. Rows of a list are numbered as the details have them: without empty ones."""
    entered: Entered = {}
    for name, value in fields:
        entered.setdefault(name, []).append(value)
    return _with_rows_in_order(entered)


def _with_rows_in_order(entered: Entered) -> Entered:
    """The same with the filled rows of each list numbered from 0. Rows beyond `MOST_ROWS` are left out."""
    split = {name: name.split("/") for name in entered}
    filled: dict[tuple[str, ...], set[str]] = {}
    for name, parts in split.items():
        for place, part in enumerate(parts):
            if _ROW.fullmatch(part) and any(value.strip() for value in entered[name]):
                filled.setdefault(tuple(parts[:place]), set()).add(part)
    numbers = {
        (*start, row): str(number)
        for start, rows in filled.items()
        for number, row in enumerate(sorted(rows, key=lambda row: (int(row), row))[:MOST_ROWS])
    }
    ordered: Entered = {}
    for name, parts in split.items():
        renamed = [
            numbers.get((*parts[:place], part)) if part.isdecimal() else part for place, part in enumerate(parts)
        ]
        if None not in renamed:
            ordered["/".join(str(part) for part in renamed)] = entered[name]
    return ordered


def entered_from(details: Any, pointer: str = DETAILS) -> Entered:
    """Details of an event as somebody would have typed them."""
    entered: Entered = {}
    if isinstance(details, dict):
        for name, inner in details.items():
            entered |= entered_from(inner, f"{pointer}/{name}")
    elif isinstance(details, list) and details and isinstance(details[0], dict):
        for place, inner in enumerate(details):
            entered |= entered_from(inner, f"{pointer}/{place}")
    elif isinstance(details, list):
        entered[pointer] = [str(inner) for inner in details]
    elif details is not None:
        entered[pointer] = [_typed(details)]
    return entered


def at_controls(errors: Mapping[str, str], names: Container[str]) -> dict[str, str]:
    """The sentences by the name of the control that each is about: one of a value in a list by that of the list."""
    placed: dict[str, str] = {}
    for pointer, sentence in errors.items():
        name = pointer
        while name and name not in names:
            name = name.rpartition("/")[0]
        placed.setdefault(name or pointer, sentence)
    return placed


def _typed(value: Any) -> str:
    """A single value as somebody would have typed it."""
    return {True: YES, False: NO}[value] if isinstance(value, bool) else str(value)


def integer_or_text(typed: str) -> int | str:
    """The number that is meant; text that is none, or too long for one, stays as it is and is refused elsewhere."""
    return int(typed) if _INTEGER.fullmatch(typed) else typed


def _plain(kind: str, typed: str) -> Any:
    """The value that is meant; text that is no such value stays text, and is refused where it is checked."""
    if kind == "integer":
        return integer_or_text(typed)
    return {YES: True, NO: False}.get(typed, typed) if kind == "yes_no" else typed


def _options(schema: Schema) -> list[tuple[str, str]]:
    return [(str(option["const"]), str(option["title"])) for option in schema["oneOf"]]


def _without(schema: Schema, name: str) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != name}
