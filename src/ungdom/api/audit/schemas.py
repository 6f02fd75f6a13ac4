"""Schemas of the hash chains."""

from datetime import date, datetime

from pydantic import BaseModel

from ungdom.audit.findings import AuditProblem


class SealOut(BaseModel):
    """A seal over the hash chains. `streams`, `rows`: of all chains together. `root`, `link`: hexadecimal."""

    number: int
    day: date
    sealed_at: datetime
    streams: int
    rows: int
    root: str
    link: str


class AnchorOut(BaseModel):
    """The newest seal that was exported to the folder of anchors."""

    number: int
    exported_at: datetime
    file: str


class VerificationOut(BaseModel):
    """A verification. `scope`: all, or part: what had been written since the last seal and a share of the rest."""

    scope: str
    started_at: datetime
    finished_at: datetime
    streams: int
    rows: int
    findings: int


class AuditFindingOut(BaseModel):
    """The first bad row of a stream."""

    table: str
    stream: str
    position: int
    problem: AuditProblem
    message: str


class AuditOut(BaseModel):
    """The state of the hash chains. What has not happened yet is null."""

    seal: SealOut | None
    anchor: AnchorOut | None
    verification: VerificationOut | None
    findings: list[AuditFindingOut]
