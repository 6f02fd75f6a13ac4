"""Which kinds of data an answer contains: the matters of its fields, as far as the reader may learn them. Pure."""

from ungdom.workflow.redaction.fields import gates_of
from ungdom.workflow.rules.sharing import Matter

M = Matter

OFFICE_ANSWERS: dict[str, tuple[Matter, ...]] = {
    "/v1/persons": (M.IDENTITY, M.ADDRESS),
    "/v1/population-events": (M.IDENTITY, M.ADDRESS),
    "/v1/decisions": (M.CURRENT_STATUS, M.SANCTION, M.IDENTITY, M.OFFENCE, M.ADDRESS),
    "/v1/esas": (M.CURRENT_STATUS, M.SANCTION, M.IDENTITY, M.OFFENCE, M.ADDRESS),
    "/v1/plans": (M.PLAN,),
    "/v1/meetings": (M.MEETING_DATES,),
    "/v1/consents": (M.RIGHTS,),
    "/v1/breaches": (M.PROGRESS,),
    "/v1/complaints": (M.RIGHTS,),
    "/v1/cases/{case_id}/notes": (M.PROGRESS,),
}
"""The matters of answers that only the office is given, whose schemas `fields` does not list: by the start of the path.

Any other answer that names a case or a person says where the case stands.
"""


def matters_of_schemas(names: tuple[str, ...]) -> frozenset[Matter]:
    """The matters of the fields of these schemas; empty for schemas that `fields` does not list."""
    return frozenset(
        gate
        for name in names
        for gates in (gates_of(name) or {}).values()
        for gate in gates
        if isinstance(gate, Matter)
    )


def matters_of_path(path: str) -> frozenset[Matter]:
    """The matters of an answer of the office, by the template of its path."""
    listed = [matters for start, matters in OFFICE_ANSWERS.items() if path.startswith(start)]
    return frozenset(listed[-1]) if listed else frozenset({M.CURRENT_STATUS})
