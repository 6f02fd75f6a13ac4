"""Stores seals with their heads, what was exported, and what verifications found."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, func, insert, select

from ungdom.audit.findings import AuditFinding, AuditProblem, VerificationResult
from ungdom.audit.seals import Head, Seal, new_seal
from ungdom.store import bulk
from ungdom.store.schema.audit import audit_anchor, audit_head, audit_seal, audit_verification

S, H, V = audit_seal.c, audit_head.c, audit_verification.c

LISTED = 100
"""Findings that are stored with a verification."""
ALL, PART = "all", "part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """One verification. `findings`: how many streams have a bad row; `first`: the first of them, at most `LISTED`."""

    verification_id: UUID
    scope: str
    started_at: datetime
    finished_at: datetime
    streams: int
    rows: int
    findings: int
    first: tuple[AuditFinding, ...]


@dataclass(frozen=True, slots=True)
class ExportedAnchor:
    """Which seal was exported, when and to which file."""

    number: int
    exported_at: datetime
    file: str


def seals(tx: Connection) -> list[Seal]:
    """All seals in order."""
    return [Seal(**row) for row in tx.execute(select(audit_seal).order_by(S.number)).mappings()]


def last_seal(tx: Connection) -> Seal | None:
    """The newest seal."""
    row = tx.execute(select(audit_seal).order_by(S.number.desc()).limit(1)).mappings().one_or_none()
    return Seal(**row) if row else None


def heads_by_seal(tx: Connection, after: int = 0) -> dict[int, list[Head]]:
    """The heads of the seals after this number, by number."""
    result: defaultdict[int, list[Head]] = defaultdict(list)
    for row in tx.execute(select(audit_head).where(H.number > after)):
        result[row.number].append(Head(row.chain, row.stream, row.position, row.link))
    return result


def newest_heads(tx: Connection) -> dict[tuple[str, str], int]:
    """The last sealed position by chain and stream."""
    query = select(H.chain, H.stream, func.max(H.position)).group_by(H.chain, H.stream)
    return {(chain, stream): position for chain, stream, position in tx.execute(query)}


def covering(tx: Connection, chain: str, stream: str, position: int) -> tuple[Seal, list[Head]] | None:
    """The seal of which the row at this position of the stream is a head, with all its heads; None without one."""
    number = tx.scalar(select(H.number).where(H.chain == chain, H.stream == stream, H.position == position).limit(1))
    row = tx.execute(select(audit_seal).where(S.number == number)).mappings().one_or_none()
    if row is None:
        return None
    heads = tx.execute(select(audit_head).where(H.number == number))
    return Seal(**row), [Head(head.chain, head.stream, head.position, head.link) for head in heads]


def add_seal(tx: Connection, day: date, at: datetime, streams: int, rows: int, heads: Sequence[Head]) -> Seal:
    """Writes the next seal over these heads. Raises `DuplicateKey` if another was written meanwhile."""
    seal = new_seal(last_seal(tx), day, at, streams, rows, heads)
    tx.execute(insert(audit_seal), asdict(seal))
    bulk.add(tx, audit_head, [{**head._asdict(), "number": seal.number} for head in heads])
    return seal


# --- exports ------------------------------------------------------------------------------------------------------


def unexported(tx: Connection) -> list[Seal]:
    """The seals that have not been exported, in order."""
    done = select(audit_anchor.c.number)
    rows = tx.execute(select(audit_seal).where(S.number.not_in(done)).order_by(S.number)).mappings()
    return [Seal(**row) for row in rows]


def add_exported(tx: Connection, number: int, file: str, at: datetime) -> None:
    """Writes that a seal was exported to this file."""
    new = bulk.dialect_insert(tx, audit_anchor).on_conflict_do_nothing()
    tx.execute(new, {"number": number, "exported_at": at, "file": file})


def last_exported(tx: Connection) -> ExportedAnchor | None:
    """The newest seal that was exported."""
    row = tx.execute(select(audit_anchor).order_by(audit_anchor.c.number.desc()).limit(1)).one_or_none()
    return ExportedAnchor(row.number, row.exported_at, row.file) if row else None


# --- verifications ------------------------------------------------------------------------------------------------


def add_verification(
    tx: Connection, scope: str, began: datetime, ended: datetime, result: VerificationResult
) -> Verification:
    """Writes what a verification found."""
    bad = result.findings
    done = Verification(
        verification_id=uuid4(),
        scope=scope,
        started_at=began,
        finished_at=ended,
        streams=result.streams,
        rows=result.rows,
        findings=len(bad),
        first=tuple(bad[:LISTED]),
    )
    text = json.dumps([asdict(finding) for finding in done.first]) if bad else None
    tx.execute(insert(audit_verification), {**asdict(done), "first": text})
    return done


def last_verification(tx: Connection) -> Verification | None:
    """The newest verification."""
    query = select(audit_verification).order_by(V.finished_at.desc(), V.verification_id.desc()).limit(1)
    row = tx.execute(query).mappings().one_or_none()
    return _verification(dict(row)) if row else None


def open_findings(tx: Connection) -> tuple[AuditFinding, ...]:
    """What the newest verification of everything found, and what the verifications of a part have found since."""
    whole = select(func.max(V.finished_at)).where(V.scope == ALL).scalar_subquery()
    query = select(audit_verification).where(V.findings > 0, V.finished_at >= func.coalesce(whole, V.finished_at))
    rows = tx.execute(query.order_by(V.finished_at)).mappings()
    findings = [finding for row in rows for finding in _verification(dict(row)).first]
    return tuple(dict.fromkeys(findings))[:LISTED]


def _verification(row: dict[str, object]) -> Verification:
    first = json.loads(str(row["first"] or "[]"))
    findings = tuple(AuditFinding(**{**values, "problem": AuditProblem(values["problem"])}) for values in first)
    return Verification(**{**row, "first": findings})  # type: ignore[arg-type]  # the columns of the row
