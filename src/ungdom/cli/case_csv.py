"""Cases as CSV: one line per event, the first line of a case with person, references and offences as well.

Cells that hold several values separate them with `|`. `details` is a JSON object, or `name=value` pairs: `by=youth`,
`length.months=6 | guilt_proven=true`. A value that is JSON is read as such, any other as text.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from ungdom.message.sound import MAX_DEPTH, StrictJsonError, json_fault
from ungdom.workflow.errors import Problem
from ungdom.workflow.vocabulary import EventType

Json = dict[str, Any]

EVENT_COLUMNS = ("case", "type", "occurred_on", "details", "on_behalf_of", "note", "youth_may_read")
CASE_COLUMNS = ("sanction", "konfliktrad", "municipality", "court_case_number")
PERSON_COLUMNS = ("given_name", "family_name", "born", "national_id", "sex", "contact", "protection")
LIST_COLUMNS = (
    "guardians",
    "guardian_contacts",
    "police_case_numbers",
    "offence_days",
    "offence_last_days",
    "offence_groups",
    "offence_statutes",
)
FLAGS = ("repeated_or_serious", "youth_may_read")
YES, NO = frozenset({"true", "yes", "ja", "1", "x"}), frozenset({"false", "no", "nei", "0", ""})
SEPARATOR = "|"


@dataclass(frozen=True, slots=True)
class CsvLine:
    """One line. `number`: in the file, the header being 1; `cells`: by column."""

    REQUIRED: ClassVar[frozenset[str]] = frozenset({"case", "type", "occurred_on"})
    ORDER: ClassVar[tuple[str, ...]] = tuple(
        dict.fromkeys((*EVENT_COLUMNS, *CASE_COLUMNS, *PERSON_COLUMNS, *LIST_COLUMNS, *FLAGS))
    )
    COLUMNS: ClassVar[frozenset[str]] = frozenset(ORDER)

    number: int
    cells: Mapping[str | None, Any]

    @property
    def key(self) -> str:
        """The key of its case; empty if none is written."""
        return self.cell("case")

    def cell(self, name: str) -> str:
        """The text of a cell without surrounding blanks; empty if the column is missing."""
        return (self.cells.get(name) or "").strip()

    def values(self, name: str) -> list[str]:
        """The values of a cell that holds several."""
        return [value.strip() for value in self.cell(name).split(SEPARATOR)] if self.cell(name) else []

    def flag(self, name: str) -> bool | str:
        """Yes or no; the text itself if it is neither."""
        text = self.cell(name)
        return True if text.lower() in YES else False if text.lower() in NO else text


def case_of_lines(lines: Sequence[CsvLine]) -> tuple[Json, list[Problem]]:
    """The case that these lines describe in the form of the interface, and what of it cannot be read."""
    first, problems = lines[0], []
    if first.cell("type") != EventType.CASE_REGISTERED:
        problems.append(Problem("/type", "csv_first_line", "the first line of a case is not its registration"))
    if any(None in line.cells for line in lines):
        problems.append(Problem("", "csv_cells", "a line has more cells than the header"))
    events = []
    for number, line in enumerate(lines[1:]):
        details: Json = {}
        try:
            details = details_of_cell(line.cell("details"))
        except StrictJsonError as error:
            place, limit = f"/events/{number}/details", {"limit": MAX_DEPTH}
            problems.append(Problem(place, error.kind, "cannot be read", values=limit))
        event = {"type": line.cell("type"), "occurred_on": line.cell("occurred_on"), "details": details}
        event |= _present(line, ("on_behalf_of", "note")) | {"youth_may_read": line.flag("youth_may_read")}
        events.append(event)
    case: Json = {
        "key": first.key,
        "occurred_on": first.cell("occurred_on"),
        **_present(first, CASE_COLUMNS),
        "person": {**_present(first, PERSON_COLUMNS), "guardians": list(_guardians(first))},
        "police_case_numbers": first.values("police_case_numbers"),
        "offences": list(_offences(first)),
        "repeated_or_serious": first.flag("repeated_or_serious"),
        "events": events,
    }
    return case, problems


def details_of_cell(text: str) -> Json:
    """The details of an event in a cell. Raises `StrictJsonError` if they cannot be read."""
    if text.startswith("{"):
        if fault := json_fault(text.encode()):
            raise StrictJsonError(fault)
        return dict(json.loads(text))
    result: Json = {}
    for pair in text.split(SEPARATOR) if text else ():
        name, equals, value = pair.partition("=")
        *above, last = name.strip().split(".")
        if len(above) >= MAX_DEPTH:
            raise StrictJsonError("json_too_deep")
        inner = result
        for part in above:
            inner = inner.setdefault(part, {})
            if not isinstance(inner, dict):
                raise StrictJsonError("json_invalid")
        if not equals or not last:
            raise StrictJsonError("json_invalid")
        inner[last] = _json(value.strip())
    return result


def lines_of_case(case: Json) -> Iterator[dict[str, str]]:
    """The lines that describe a case: the reverse of `case_of_lines`."""
    person, offences = case["person"], case["offences"]
    lists = {
        "guardians": [guardian["name"] for guardian in person.get("guardians", ())],
        "guardian_contacts": [guardian.get("contact", "") for guardian in person.get("guardians", ())],
        "police_case_numbers": case.get("police_case_numbers", ()),
        "offence_days": [offence["on"] for offence in offences],
        "offence_last_days": [offence.get("until", "") for offence in offences],
        "offence_groups": [offence.get("group", "") for offence in offences],
        "offence_statutes": [offence.get("statute", "") for offence in offences],
    }
    yield {
        "case": case["key"],
        "type": str(EventType.CASE_REGISTERED),
        "occurred_on": case["occurred_on"],
        **{name: case[name] for name in CASE_COLUMNS if name in case},
        **{name: person[name] for name in PERSON_COLUMNS if name in person},
        **{name: SEPARATOR.join(values) for name, values in lists.items() if any(values)},
        "repeated_or_serious": "yes" if case.get("repeated_or_serious") else "",
    }
    for event in case["events"]:
        yield {
            "case": case["key"],
            "type": event["type"],
            "occurred_on": event["occurred_on"],
            "details": json.dumps(event["details"], ensure_ascii=False) if event.get("details") else "",
            "on_behalf_of": event.get("on_behalf_of", ""),
            "note": event.get("note", ""),
            "youth_may_read": "yes" if event.get("youth_may_read") else "",
        }


def _present(line: CsvLine, names: Sequence[str]) -> Json:
    return {name: line.cell(name) for name in names if line.cell(name)}


def _guardians(line: CsvLine) -> Iterator[Json]:
    contacts = line.values("guardian_contacts")
    for place, name in enumerate(line.values("guardians")):
        contact = contacts[place] if place < len(contacts) else ""
        yield {"name": name, **({"contact": contact} if contact else {})}


def _offences(line: CsvLine) -> Iterator[Json]:
    columns = {"until": "offence_last_days", "group": "offence_groups", "statute": "offence_statutes"}
    values = {name: line.values(column) for name, column in columns.items()}
    for place, day in enumerate(line.values("offence_days")):
        beside = {name: cells[place] for name, cells in values.items() if place < len(cells) and cells[place]}
        yield {"on": day, **beside}


def _json(text: str) -> Any:
    """The value of a pair; text that is no JSON stands for itself. Raises `StrictJsonError` for any other fault."""
    fault = json_fault(text.encode())
    if fault == "json_invalid":
        return text
    if fault:
        raise StrictJsonError(fault)
    return json.loads(text)
