"""User surveys: invitations with only the hash of their token, counts, and answers that cannot be traced to a person.

A used or expired invitation is deleted; only the counts of its group remain. Whenever an answer is added, all answers
of its group are rewritten in the order of their random ids, so that neither row order nor the writing transaction
reveals when an answer was given.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, insert, select, update

from ungdom.store import bulk
from ungdom.store.codec import stored_json
from ungdom.store.schema.surveys import survey_answer, survey_count, survey_invitation, survey_moment
from ungdom.workflow.calendar import quarter_of
from ungdom.workflow.payloads import By
from ungdom.workflow.vocabulary import Sanction

_SECRET = 32
_INVITED, N, A, M = survey_invitation.c, survey_count.c, survey_answer.c, survey_moment.c


@dataclass(frozen=True, slots=True)
class SurveyGroup:
    """All that is stored about who gave an answer. `quarter`: first day of the quarter of the invitation."""

    konfliktrad: str
    sanction: Sanction
    kind: str
    respondent: By
    quarter: date


@dataclass(frozen=True, slots=True)
class Invitation:
    """A usable invitation. `version`: of the questionnaire."""

    token_hash: bytes
    group: SurveyGroup
    version: str


@dataclass(frozen=True, slots=True)
class SurveyGroupCounts:
    """How many of a group were invited, and how many have answered."""

    group: SurveyGroup
    invited: int
    answered: int


@dataclass(frozen=True, slots=True)
class SurveyAnswers:
    """One set of answers: the grade of each question."""

    group: SurveyGroup
    grades: dict[str, int]


# --- inviting -----------------------------------------------------------------------------------------------


def handed_over(tx: Connection, case_id: UUID) -> dict[tuple[int, By], int]:
    """Number of invitations handed over in this case, by event and respondent."""
    rows = tx.execute(select(M.seq, M.respondent, M.handed).where(M.case_id == case_id))
    return {(row.seq, row.respondent): row.handed for row in rows}


def count_handover(tx: Connection, case_id: UUID, seq: int, respondent: By, wanted: int) -> bool:
    """Counts one more handover; False if `wanted` are handed over already. Safe under concurrency."""
    first = {"case_id": case_id, "seq": seq, "respondent": respondent, "handed": 1}
    new = bulk.dialect_insert(tx, survey_moment).values(first)
    more = new.on_conflict_do_update(
        index_elements=["case_id", "seq", "respondent"], set_={"handed": M.handed + 1}, where=M.handed < wanted
    )
    return tx.execute(more.returning(M.handed)).one_or_none() is not None


def invite(tx: Connection, group: SurveyGroup, version: str, month: date, expires: date) -> str:
    """Stores and counts a new invitation; returns its token, 256 random bits as 43 characters, which is not stored."""
    token = secrets.token_urlsafe(_SECRET)
    group_row = asdict(group)
    row = {name: value for name, value in group_row.items() if name != "quarter"}
    invitation_row = {"token_hash": _hash(token), "version": version, "month": month, "expires": expires, "tries": 0}
    tx.execute(insert(survey_invitation), row | invitation_row)
    new = bulk.dialect_insert(tx, survey_count).values(group_row | {"invited": 1, "answered": 0})
    keys = [column.name for column in survey_count.primary_key]
    tx.execute(new.on_conflict_do_update(index_elements=keys, set_={"invited": N.invited + 1}))
    return token


# --- answering ----------------------------------------------------------------------------------------------


def find_usable_invitation(tx: Connection, token: str, day: date, tries: int) -> Invitation | None:
    """The invitation with this token, if it can be used on that day; None for any other reason."""
    query = select(survey_invitation).where(
        _INVITED.token_hash == _hash(token), _INVITED.expires >= day, _INVITED.tries < tries
    )
    row = tx.execute(query).one_or_none()
    if row is None:
        return None
    group = SurveyGroup(row.konfliktrad, row.sanction, row.kind, row.respondent, quarter_of(row.month))
    return Invitation(row.token_hash, group, row.version)


def count_try(tx: Connection, invitation: Invitation) -> bool:
    """Counts an invalid answer; False if the invitation is gone."""
    here = _INVITED.token_hash == invitation.token_hash
    return tx.execute(update(survey_invitation).where(here).values(tries=_INVITED.tries + 1)).rowcount == 1


def accept_answers(tx: Connection, invitation: Invitation, grades: dict[str, int], answer_id: UUID) -> bool:
    """Stores the answers and deletes the invitation; False if it has been used meanwhile."""
    used = delete(survey_invitation).where(_INVITED.token_hash == invitation.token_hash)
    if tx.execute(used).rowcount != 1:
        return False
    tx.execute(update(survey_count).where(_is_of_group(survey_count, invitation.group)).values(answered=N.answered + 1))
    previous_answers = (
        delete(survey_answer).where(_is_of_group(survey_answer, invitation.group)).returning(survey_answer)
    )
    rows: list[dict[str, Any]] = [dict(row) for row in tx.execute(previous_answers).mappings()]
    own = {"answer_id": answer_id, "version": invitation.version, "answers": _as_json(grades)}
    rows.append(asdict(invitation.group) | own)
    bulk.add(tx, survey_answer, sorted(rows, key=lambda row: row["answer_id"].int))
    return True


def add_results(tx: Connection, counts: Sequence[SurveyGroupCounts], given: Sequence[dict[str, Any]]) -> None:
    """Stores counts and answers of many groups at once, in the order of the random ids of the answers.

    `given`: each with `answer_id`, `group`, `version` and `grades`.
    """
    bulk.add(
        tx, survey_count, [asdict(row.group) | {"invited": row.invited, "answered": row.answered} for row in counts]
    )
    rows = [
        asdict(row["group"])
        | {"answer_id": row["answer_id"], "version": row["version"], "answers": _as_json(row["grades"])}
        for row in given
    ]
    bulk.add(tx, survey_answer, sorted(rows, key=lambda row: row["answer_id"].int))


def forget_expired(tx: Connection, day: date) -> int:
    """Deletes expired invitations; returns their number."""
    return tx.execute(delete(survey_invitation).where(_INVITED.expires < day)).rowcount


# --- results ------------------------------------------------------------------------------------------------


def counts(tx: Connection, since: date, until: date) -> list[SurveyGroupCounts]:
    """The counts of the quarters that begin in this period, both days included."""
    rows = tx.execute(select(survey_count).where(N.quarter.between(since, until)))
    return [SurveyGroupCounts(_group(row), row.invited, row.answered) for row in rows]


def answers(tx: Connection, since: date, until: date) -> list[SurveyAnswers]:
    """The answers of the quarters that begin in this period, both days included."""
    rows = tx.execute(select(survey_answer).where(A.quarter.between(since, until)).order_by(A.answer_id))
    return [SurveyAnswers(_group(row), stored_json(row.answers)) for row in rows]


def _as_json(grades: dict[str, int]) -> str:
    return json.dumps(grades, separators=(",", ":"))


def _group(row: Any) -> SurveyGroup:
    return SurveyGroup(row.konfliktrad, row.sanction, row.kind, row.respondent, row.quarter)


def _is_of_group(table: Table, group: SurveyGroup) -> ColumnElement[bool]:
    return and_(*(table.c[name] == value for name, value in asdict(group).items()))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
