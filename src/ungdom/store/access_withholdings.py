"""Which accesses the youth is not told of for the time being, and until when somebody has to decide again."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, func, insert, select

from ungdom.store import chain_changes
from ungdom.store.case_queries import visible_to
from ungdom.store.schema.access import access_withholding
from ungdom.store.schema.cases import case_current
from ungdom.workflow.rules.access import WithholdingCode
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

W = access_withholding.c
_NEWEST = (
    func.row_number()
    .over(partition_by=(W.case_id, W.access_id), order_by=(W.decided_at.desc(), W.withholding_id.desc()))
    .label("newest")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withholding:
    """A decision about one access to one case. `code` and `review_on`: None when the youth is told from now on."""

    withholding_id: UUID
    case_id: UUID
    access_id: UUID
    code: WithholdingCode | None
    review_on: date | None
    decided_at: datetime
    decided_by: str
    role: Role


def add(tx: Connection, withholding: Withholding) -> None:
    """Writes the decision; it counts in place of an earlier one."""
    row = asdict(withholding)
    tx.execute(insert(access_withholding), row)
    chain_changes.record(tx, access_withholding, row)


def of_case(tx: Connection, case_id: UUID) -> dict[UUID, Withholding]:
    """What is held back now in this case, by access."""
    standing = select(access_withholding, _NEWEST).where(W.case_id == case_id).subquery()
    query = select(*standing.c[*W.keys()]).where(standing.c.newest == 1, standing.c.code.is_not(None))
    return {row["access_id"]: Withholding(**row) for row in tx.execute(query).mappings()}


def of_office(tx: Connection, viewer: Viewer, due: date | None) -> Iterator[tuple[str, Withholding]]:
    """What is held back in the cases of the viewer's office, each with the reference of its case, by day of review.

    `due`: only what has to be decided again by that day.
    """
    standing = select(access_withholding, _NEWEST).subquery()
    query = (
        select(case_current.c.reference, *standing.c[*W.keys()])
        .join(case_current, case_current.c.case_id == standing.c.case_id)
        .where(standing.c.newest == 1, standing.c.code.is_not(None))
        .where(visible_to(viewer), case_current.c.konfliktrad == viewer.konfliktrad)
        .order_by(standing.c.review_on, standing.c.withholding_id)
    )
    if due is not None:
        query = query.where(standing.c.review_on <= due)
    for reference, *values in tx.execute(query):
        yield reference, Withholding(**dict(zip(W.keys(), values, strict=True)))
