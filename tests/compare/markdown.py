"""The tables of the published workflow page as rows of data: what `tests/data/workflow` carries of it."""

import re
from itertools import takewhile

Row = dict[str, str]


def states(page: str) -> list[Row]:
    """One row per state: its phase and name, in the order of the page."""
    rows = _rows(page, "## Phases and states")
    return [{"phase": row[0], "state": _names(row[1])[0]} for row in rows]


def moves(page: str) -> list[Row]:
    """One row per row of the page. Several names in a cell are joined by `|`."""
    return [
        {
            "event": "|".join(_names(event)),
            "from": "|".join(_sources(path)),
            "to": "|".join([*_targets(path), *re.findall(r"→ (\w+)\)", guard)]),
            "sanction": sanction,
            "regime": "|".join(re.findall(r"R\d", regime)) or regime,
            "law": law,
        }
        for event, path, sanction, regime, guard, _, law in _rows(page, "## Moves")
    ]


def facts(page: str) -> list[Row]:
    """One row per fact: its group and name. `a_given` / `_withdrawn` on the page are two names."""
    return [{"group": group, "event": name} for group, cell in _rows(page, "## Facts") for name in _whole(_names(cell))]


def _rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table below the heading, without the table's head."""
    lines = page.split(heading, 1)[1].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("|"))
    table = takewhile(lambda line: line.startswith("|"), lines[start + 2 :])
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def _names(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


def _whole(names: list[str]) -> list[str]:
    """`team_member_joined`, `_left` → `team_member_joined`, `team_member_left`."""
    whole: list[str] = []
    for name in names:
        whole.append(whole[-1].rpartition("_")[0] + name if name.startswith("_") else name)
    return whole


def _sources(path: str) -> list[str]:
    return [word.strip() for word in path.split("→", maxsplit=1)[0].split(",")]


def _targets(path: str) -> list[str]:
    """The states behind the arrow, without the conditions under which the second of two is reached."""
    target = path.split("→")[1].strip()
    if target == "the state before":
        return [target]
    return re.findall(r"(?:^|\bor )(\w+)", target)
