"""Which kinds of data an answer contains: the matters of its fields, as far as the reader may learn them. Pure."""

from collections.abc import Iterable

from ungdom.workflow.redaction.fields import gates_of
from ungdom.workflow.rules.sharing import Matter

M = Matter

OFFICE_ANSWERS: dict[str, tuple[Matter, ...]] = {
    "/v1/persons": (M.IDENTITY, M.ADDRESS),
    "/v1/persons/{person_id}/subject-access": tuple(M),
    "/v1/population-events": (M.IDENTITY, M.ADDRESS),
    "/v1/decisions": (M.CURRENT_STATUS, M.SANCTION, M.IDENTITY, M.OFFENCE, M.ADDRESS),
    "/v1/esas": (M.CURRENT_STATUS, M.SANCTION, M.IDENTITY, M.OFFENCE, M.ADDRESS),
    "/v1/extracts": (M.STAGE_DATES, M.SANCTION, M.OFFENCE, M.PLAN, M.PROGRESS),
    "/v1/plans": (M.PLAN,),
    "/v1/meetings": (M.MEETING_DATES,),
    "/v1/consents": (M.RIGHTS,),
    "/v1/breaches": (M.PROGRESS,),
    "/v1/complaints": (M.RIGHTS,),
    "/v1/cases/{case_id}/notes": (M.PROGRESS,),
    "/v1/cases/{case_id}/archive": tuple(matter for matter in Matter if matter is not M.ADDRESS),
}
"""The matters of answers of the office, whose schemas `fields` does not list: by the start of the path."""


def matters_of_answer(path: str, names: Iterable[str]) -> frozenset[Matter]:
    """The matters of an answer: those of its schemas and of its path. Any answer says at least where a case stands.

    `path`: the template of its address. `names`: of its schemas.
    """
    listed = (matter for start, matters in OFFICE_ANSWERS.items() if path.startswith(start) for matter in matters)
    return frozenset({*_matters_of_schemas(names), *listed}) or frozenset({M.CURRENT_STATUS})


def _matters_of_schemas(names: Iterable[str]) -> frozenset[Matter]:
    """The matters of the fields of these schemas; empty for schemas that `fields` does not list."""
    return frozenset(
        gate
        for name in names
        for gates in (gates_of(name) or {}).values()
        for gate in gates
        if isinstance(gate, Matter)
    )
