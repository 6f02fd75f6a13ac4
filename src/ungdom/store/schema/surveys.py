"""The tables of user surveys. No column links an answer to an invitation, or either to a person.

On SQLite they have no row ids and are stored in the order of their random keys, so that the order of insertion is not
visible. Described in docs/surveys.md.
"""

from sqlalchemy import Column, Date, ForeignKey, Integer, LargeBinary, Table, Text, Uuid, text

from ungdom.store.schema.base import EnumText, metadata
from ungdom.workflow.payloads import By
from ungdom.workflow.vocabulary import Sanction

survey_moment = Table(
    "survey_moment",
    metadata,
    Column("case_id", ForeignKey("case_file.case_id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False, comment="the event that gave cause"),
    Column("respondent", EnumText(By), primary_key=True),
    Column("handed", Integer, nullable=False, comment="how many were handed over: one for each guardian"),
    comment="for which events of a case the coordinator has fetched an invitation; not which, nor whether it was used",
    sqlite_with_rowid=False,
)

survey_invitation = Table(
    "survey_invitation",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True, comment="SHA-256; the token itself is not kept"),
    Column("konfliktrad", Text, nullable=False),
    Column("sanction", EnumText(Sanction), nullable=False),
    Column("kind", Text, nullable=False),
    Column("respondent", EnumText(By), nullable=False),
    Column("version", Text, nullable=False, comment="of the questionnaire"),
    Column("month", Date, nullable=False, comment="the first day of the month in which it was handed over"),
    Column("expires", Date, nullable=False, comment="the last day it can be used; follows from the month"),
    Column("tries", Integer, nullable=False, server_default=text("0"), comment="answers that did not fit"),
    comment="invitations that can be used; a used or expired one is gone",
    sqlite_with_rowid=False,
)

survey_count = Table(
    "survey_count",
    metadata,
    Column("konfliktrad", Text, primary_key=True),
    Column("sanction", EnumText(Sanction), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("respondent", EnumText(By), primary_key=True),
    Column("quarter", Date, primary_key=True, comment="the first day of the quarter of the invitations"),
    Column("invited", Integer, nullable=False),
    Column("answered", Integer, nullable=False),
    comment="how many were invited and how many have answered",
    sqlite_with_rowid=False,
)

survey_answer = Table(
    "survey_answer",
    metadata,
    Column("answer_id", Uuid, primary_key=True, comment="random, version 4"),
    Column("konfliktrad", Text, nullable=False),
    Column("sanction", EnumText(Sanction), nullable=False),
    Column("kind", Text, nullable=False),
    Column("respondent", EnumText(By), nullable=False),
    Column("quarter", Date, nullable=False, index=True, comment="the first day of the quarter of the invitation"),
    Column("version", Text, nullable=False, comment="of the questionnaire"),
    Column("answers", Text, nullable=False, comment="JSON: question and grade, in the order of the questionnaire"),
    comment="what was answered; no time, no case, no person",
    sqlite_with_rowid=False,
)
