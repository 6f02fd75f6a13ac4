"""What each published version consists of, as text per row: the table of moves, extracts, definitions of figures.

A published version never changes, because stored cases, extracts and figures name it. The texts are in one JSON file.
`python -m tests.versions.rows` adds the versions that are new to that file; it never rewrites one that stands there.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ungdom.analytics import definitions
from ungdom.analytics.definitions import Definition
from ungdom.extracts.catalogue import EXTRACTS
from ungdom.extracts.columns.column import Column
from ungdom.workflow import table
from ungdom.workflow.table import VERSIONS, Move

PUBLISHED = Path(__file__).with_name("published.json")

Rows = dict[str, str]
"""Name of a row to its content."""


def published() -> dict[str, Rows]:
    """Every version as it was published, by its name."""
    read: dict[str, Rows] = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    return read


def current() -> dict[str, Rows]:
    """The same versions as the code has them now."""
    tables = {f"table {version}": dict(_moves(version)) for version in VERSIONS}
    extracts = {f"extract {x.name} {x.version}": {"key": ", ".join(x.key), **_columns(x.columns)} for x in EXTRACTS}
    figures = {f"definition {x.code} {x.version}": _definition(x) for x in definitions.all_definitions()}
    return tables | extracts | figures


def _moves(version: str) -> Iterator[tuple[str, str]]:
    return ((_name(move), _content(move)) for move in table.rows(version))


def _name(move: Move) -> str:
    sources, scope = ", ".join(move.sources) or "–", " ".join((*move.sanctions, *move.regimes))
    chosen = f" when {move.condition.__name__}" if move.condition else ""
    return f"{move.event}: {sources} → {_target(move)} ({scope}){chosen}"


def _target(move: Move) -> str:
    return str(getattr(move.target, "name", None) or "unchanged").lower()


def _content(move: Move) -> str:
    guards = ", ".join(f"{x.code} [{x.law}]" for x in move.guards)
    return f"{move.law} | {', '.join(move.actors)} | {guards}"


def _columns(columns: tuple[Column, ...]) -> Rows:
    return {x.name: " | ".join(_text(part) for part in _parts(x)) for x in columns}


def _parts(x: Column) -> tuple[Any, ...]:
    return x.type, x.nullable, x.unit, x.named, x.pattern, x.description, x.source


_FIELDS = ("family", "unit", "period", "numerator", "denominator", "source")


def _definition(x: Definition) -> Rows:
    return {**{name: _text(getattr(x, name)) for name in _FIELDS}, "outcomes": ", ".join(x.outcomes)}


def _text(value: Any) -> str:
    return "–" if value is None else str(value)


def main() -> None:
    """Add the versions that are new."""
    before = published() if PUBLISHED.exists() else {}
    whole = {**current(), **before}
    PUBLISHED.write_text(json.dumps(dict(sorted(whole.items())), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
