"""The table drawn: one Mermaid state diagram a sanction and regime."""

from ungdom.workflow.engine import rows_of
from ungdom.workflow.table import VERSION, PreviousState
from ungdom.workflow.vocabulary import CLOSED, PHASE, EventType, Phase, Regime, Sanction, State


def mermaid(sanction: Sanction, regime: Regime, version: str = VERSION) -> str:
    """The state diagram of one workflow as Mermaid text; the ways into `lapsed` and out by `reopened` are left out."""
    arrows = _arrows(sanction, regime, version)
    used = {state for pair in arrows for state in pair}
    lines = ["stateDiagram-v2", "    direction TB", "    [*] --> registered : case_registered"]
    for phase in Phase:
        states = [state for state in State if PHASE[state] is phase and state in used | {State.LAPSED}]
        if states:
            lines += [f"    state {phase} {{", *(f"        {state}" for state in states), "    }"]
    lines += [f"    {source} --> {target} : {', '.join(names)}" for (source, target), names in arrows.items()]
    lines += [f"    {state} --> [*]" for state in State if state in CLOSED and state in used | {State.LAPSED}]
    return "\n".join(lines) + "\n"


def _arrows(sanction: Sanction, regime: Regime, version: str) -> dict[tuple[State, State], list[str]]:
    arrows: dict[tuple[State, State], list[str]] = {}
    for row in rows_of(sanction, regime, version):
        if row.target is None or isinstance(row.target, PreviousState) or row.event is EventType.LAPSED:
            continue
        for source in row.sources:
            names = arrows.setdefault((source, row.target), [])
            if row.event not in names:
                names.append(row.event)
    return arrows
