"""User surveys on a database: who is asked, and that nothing leads from an answer back to anybody."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import OperationalError

from tests import pg
from tests.service import fill, sqlite_copy
from tests.statistics import waits
from tests.workflow.roads import case_at
from ungdom.analytics.surveys import (
    HIGHEST_GRADE,
    MAX_TRIES,
    QUESTIONNAIRES,
    SurveyKind,
    add_months,
    inviting,
    newest_questionnaire,
    results,
)
from ungdom.analytics.surveys.inviting import DoesNotFit, NoSuchInvitation, NotDue
from ungdom.analytics.surveys.results import SurveyCell
from ungdom.store import surveys
from ungdom.store.schema import metadata
from ungdom.store.schema.cases import case_file
from ungdom.store.schema.surveys import survey_answer, survey_count, survey_invitation, survey_moment
from ungdom.store.session import Database
from ungdom.store.surveys import SurveyAnswers, SurveyGroup, SurveyGroupCounts
from ungdom.workflow.calendar import quarter_of
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.payloads import By
from ungdom.workflow.vocabulary import Sanction

MET = date(2025, 3, 3)
TODAY = date(2025, 3, 10)
K = SurveyKind
YOUTH, GUARDIAN = By.YOUTH, By.GUARDIAN
RUNNING = case_at("F R2", "plan_meeting_held")
LOAD = waits.load(9, 3)
GIVEN = {str(one): 4 for one in newest_questionnaire(K.PLAN).questions}


@pytest.fixture
def db(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    yield from filled(sqlite_copy(sqlite_template, tmp_path))


@pytest.fixture
def on_postgresql(pg_database: pg.MakeDatabase) -> Iterator[Database]:
    yield from filled(pg.sqlalchemy_url(pg_database(fill)))


@pytest.fixture(params=["db", "on_postgresql"], ids=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest) -> Database:
    made: Database = request.getfixturevalue(request.param)
    return made


def filled(url: str) -> Iterator[Database]:
    """A few cases, whose ids the invitations are for."""
    made = Database.open(url, synchronous="OFF")
    waits.write(made, LOAD, waits.TODAY)
    yield made
    made.close()


def ids(db: Database) -> list[UUID]:
    with db.reading() as tx:
        return list(tx.scalars(select(case_file.c.case_id).order_by(case_file.c.case_id)))


def invited(db: Database, case_id: UUID, case: Case = RUNNING, day: date = TODAY, **whom: Any) -> str:
    asked = (whom.get("kind", K.PLAN), whom.get("respondent", YOUTH))
    with db.writing() as tx:
        return inviting.invite(tx, case_id, case, whom.get("konfliktrad", "oslo"), asked, day)[0]


def kept(db: Database, table: Any) -> list[dict[str, Any]]:
    with db.reading() as tx:
        return [dict(row) for row in tx.execute(select(table)).mappings()]


# --- who is asked -------------------------------------------------------------------------------------------


def asked(case: Case, day: date) -> set[tuple[str, str]]:
    return {(one.kind, one.respondent) for one in inviting.due_invitations(case, day, {})}


def test_youth_and_guardian_are_asked_after_the_plan_meeting_for_sixty_days() -> None:
    both = {("plan", "youth"), ("plan", "guardian")}
    assert asked(RUNNING, MET) == both
    assert asked(RUNNING, date(2025, 5, 2)) == both
    assert asked(RUNNING, date(2025, 5, 3)) == set()


def test_the_guardian_is_not_asked_once_the_youth_is_eighteen() -> None:
    soon = case_at("F R2", "plan_meeting_held", youth=Youth(date(2007, 3, 10), 1))  # 18 on 10 March 2025
    assert asked(soon, date(2025, 3, 9)) == {("plan", "youth"), ("plan", "guardian")}
    assert asked(soon, date(2025, 3, 10)) == {("plan", "youth")}


@pytest.mark.parametrize(
    ("case", "day", "kinds"),
    [
        (case_at("F R2", "assigned"), TODAY, set()),
        (case_at("F R2", "breach_talk_held"), date(2025, 3, 26), {"plan", "breach_talk"}),
        (case_at("F R2", "plan_meeting_held", "2025-07-01 completed"), date(2025, 7, 2), {"completion"}),
        (case_at("F R2", None, "2025-05-10 prosecution_resumed"), date(2025, 5, 11), {"breach_talk", "other_ending"}),
        (case_at("F R2", "assigned", "2025-02-25 consent_withdrawn {by: youth}"), date(2025, 2, 26), set()),
        (case_at("F R2", "plan_meeting_held", "2025-05-10 lapsed {reason: death}"), date(2025, 5, 11), set()),
        (case_at("S R0", "plan_signed"), date(2023, 8, 9), {"plan"}),
    ],
    ids=["not begun", "breach talk", "completed", "resumed", "withdrawn before the start", "died", "signed in R0"],
)
def test_the_occasions_of_a_case(case: Case, day: date, kinds: set[str]) -> None:
    assert {kind for kind, _ in asked(case, day)} == kinds


def test_each_guardian_has_an_invitation_and_nobody_two(either: Database) -> None:
    case, two = ids(either)[0], replace(RUNNING, youth=Youth(date(2008, 3, 12), 2))
    for respondent, count in ((YOUTH, 1), (GUARDIAN, 2)):
        for _ in range(count):
            invited(either, case, two, respondent=respondent)
        with pytest.raises(NotDue):
            invited(either, case, two, respondent=respondent)
    with pytest.raises(NotDue):
        invited(either, case, two, kind=K.COMPLETION)
    assert sorted(row["handed"] for row in kept(either, survey_moment)) == [1, 2]


def test_every_occasion_has_its_questions_and_versions_are_told_apart() -> None:
    assert {one.kind for one in QUESTIONNAIRES} == set(SurveyKind)
    assert len({one.version for one in QUESTIONNAIRES}) == len(QUESTIONNAIRES)


# --- answering ----------------------------------------------------------------------------------------------


def test_an_answer_is_kept_once(either: Database) -> None:
    token = invited(either, ids(either)[0])
    inviting.answer(either, token, GIVEN, TODAY)
    (found,) = kept(either, survey_answer)
    assert found.pop("answer_id").version == 4
    assert found.pop("answers").count("4") == len(GIVEN)
    assert found == {
        "konfliktrad": "oslo",
        "sanction": Sanction.YOUTH_FOLLOW_UP,
        "kind": "plan",
        "respondent": YOUTH,
        "quarter": date(2025, 1, 1),
        "version": "plan-1",
    }
    with pytest.raises(NoSuchInvitation):
        inviting.answer(either, token, GIVEN, TODAY)
    assert len(kept(either, survey_answer)) == 1


def test_used_expired_and_made_up_tokens_are_all_unknown(db: Database) -> None:
    first, second, *_ = ids(db)
    used, unused = invited(db, first), invited(db, second)
    inviting.answer(db, used, GIVEN, TODAY)
    last = date(2025, 5, 31)  # handed over in March: until the end of May
    for token, day in ((used, TODAY), (unused, last + timedelta(days=1)), ("made-up", TODAY), ("", TODAY)):
        with db.reading() as tx, pytest.raises(NoSuchInvitation) as caught:
            inviting.read_invitation(tx, token, day)
        assert str(caught.value) == ""
    inviting.answer(db, unused, GIVEN, last)


def test_answers_that_do_not_fit_are_refused_and_a_token_bears_a_few(db: Database) -> None:
    token = invited(db, ids(db)[0])
    for wrong in ({}, {"helped": 3}, GIVEN | {"helped": 3}, dict(list(GIVEN.items())[1:])):
        with pytest.raises(DoesNotFit):
            inviting.answer(db, token, wrong, TODAY)
    for _ in range(MAX_TRIES - 4):
        with pytest.raises(DoesNotFit):
            inviting.answer(db, token, {}, TODAY)
    with pytest.raises(NoSuchInvitation):
        inviting.answer(db, token, GIVEN, TODAY)
    assert kept(db, survey_answer) == []


def test_invitations_that_have_expired_are_let_go_and_stay_counted(db: Database) -> None:
    invited(db, ids(db)[0])
    for day, left in ((date(2025, 5, 31), 1), (date(2025, 6, 1), 0)):
        with db.writing() as tx:
            surveys.forget_expired(tx, day)
        assert len(kept(db, survey_invitation)) == left
    (counted,) = kept(db, survey_count)
    assert (counted["invited"], counted["answered"]) == (1, 0)


# --- no way back --------------------------------------------------------------------------------------------

TABLES = (survey_moment, survey_invitation, survey_count, survey_answer)
FORBIDDEN = ("case", "person", "subject", "at", "seq", "token", "member", "day", "created", "month")


def test_an_answer_has_no_column_that_could_lead_back() -> None:
    assert set(survey_answer.c.keys()) == {
        "answer_id", "konfliktrad", "sanction", "kind", "respondent", "quarter", "version", "answers",
    }  # fmt: skip
    for column in (one.name for one in survey_answer.c):
        assert not set(column.split("_")) & set(FORBIDDEN)


def test_the_tables_of_invitation_and_answer_share_only_the_group(db: Database) -> None:
    """Whatever stands in both rows, at any time, is the same for everybody of the group."""
    tokens = [invited(db, case) for case in ids(db)[:5]]
    invitations = kept(db, survey_invitation)
    for token in tokens:
        inviting.answer(db, token, GIVEN, TODAY)
    rows = kept(db, survey_answer)
    for column in set(survey_invitation.c.keys()) & set(survey_answer.c.keys()):
        assert len({row[column] for row in rows + invitations}) == 1, column
    values = {str(value) for row in invitations for name, value in row.items() if name == "token_hash"}
    assert not values & {str(value) for row in rows for value in row.values()}


def test_a_used_invitation_is_gone_and_only_a_count_says_that_it_was_used(either: Database) -> None:
    first, second, third, *_ = ids(either)
    tokens = [invited(either, case) for case in (first, second, third)]
    inviting.answer(either, tokens[1], GIVEN, TODAY)
    hashes = {row["token_hash"] for row in kept(either, survey_invitation)}
    assert len(hashes) == 2
    (counted,) = kept(either, survey_count)
    assert (counted["invited"], counted["answered"]) == (3, 1)
    assert {row["handed"] for row in kept(either, survey_moment)} == {1}  # the same of whoever answered and who did not


def test_the_order_of_rows_does_not_follow_the_order_of_answers(either: Database) -> None:
    """As they lie in the table: in the order of their random ids, however they came."""
    cases = ids(either)[:8]
    tokens = [invited(either, case) for case in cases]
    tokens = tokens[3:] + tokens[:3]
    for grade, token in enumerate(tokens):
        inviting.answer(either, token, dict.fromkeys(GIVEN, grade % HIGHEST_GRADE + 1), TODAY)
    with either.reading() as tx:
        rows = physical(tx, "survey_answer", "answer_id")
    assert len(rows) == 8
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)


def test_sqlite_keeps_no_number_that_tells_which_row_came_first(db: Database) -> None:
    with db.reading() as tx, pytest.raises(OperationalError, match="no such column"):
        tx.execute(text("SELECT rowid FROM survey_answer"))


def test_no_row_tells_which_transaction_wrote_it(on_postgresql: Database) -> None:
    """PostgreSQL keeps that with each row: those of a group are all written by the one that came last."""
    for case in ids(on_postgresql)[:6]:
        inviting.answer(on_postgresql, invited(on_postgresql, case), GIVEN, TODAY)
    with on_postgresql.reading() as tx:
        assert tx.scalar(text("SELECT count(*) FROM survey_answer")) == 6
        assert tx.scalar(text("SELECT count(DISTINCT xmin::text) FROM survey_answer")) == 1


def physical(tx: Connection, table: str, key: str) -> list[tuple[str, ...]]:
    """The rows as they lie: by place on PostgreSQL; on SQLite as they come when no order is asked for."""
    order = " ORDER BY ctid" if tx.dialect.name == "postgresql" else ""
    said = text(f"SELECT {key} FROM {table}{order}")  # noqa: S608  # names of this file
    return [tuple(map(str, row)) for row in tx.execute(said)]


def test_neither_the_events_nor_the_outbox_know_of_an_answer(db: Database) -> None:
    def elsewhere() -> dict[str, int]:
        with db.reading() as tx:
            others = [t for t in metadata.sorted_tables if t not in TABLES]
            return {t.name: tx.scalar(select(func.count()).select_from(t)) or 0 for t in others}

    before = elsewhere()
    inviting.answer(db, invited(db, ids(db)[0]), GIVEN, TODAY)
    assert elsewhere() == before


# --- results ------------------------------------------------------------------------------------------------

QUARTER = date(2025, 1, 1)


def group(konfliktrad: str = "oslo", quarter: date = QUARTER) -> SurveyGroup:
    return SurveyGroup(konfliktrad, Sanction.YOUTH_FOLLOW_UP, K.PLAN, YOUTH, quarter)


def cells(answers: dict[str, int], quarter: date = QUARTER, invited: int = 9) -> dict[str | None, SurveyCell]:
    """So many answers in each konfliktråd, of grade 4, and nine invited there."""
    counted = [SurveyGroupCounts(group(place, quarter), invited, count) for place, count in answers.items()]
    given = [
        SurveyAnswers(group(place, quarter), dict(GIVEN)) for place, count in answers.items() for _ in range(count)
    ]
    return {cell.konfliktrad: cell for cell in results.cells(counted, given)}


@pytest.mark.parametrize(
    ("answers", "shown"),
    [
        ({"oslo": 4}, set()),
        ({"oslo": 5}, {"oslo", None}),
        ({"oslo": 5, "vest": 4}, {"oslo"}),  # the country would tell of the four
        ({"oslo": 4, "vest": 4}, {None}),
        ({"oslo": 6, "vest": 4, "agder": 1}, {"oslo", None}),
        ({"oslo": 2, "vest": 2}, set()),
    ],
    ids=["four", "five", "five and four", "four and four", "six, four and one", "two and two"],
)
def test_results_are_shown_where_five_stand_behind_and_fewer_cannot_be_told_from_them(
    answers: dict[str, int], shown: set[str | None]
) -> None:
    assert {place for place, cell in cells(answers).items() if cell.grade_summaries} == shown


def test_a_grade_is_a_mean_and_the_share_that_agrees() -> None:
    given = [SurveyAnswers(group(), dict.fromkeys(GIVEN, grade)) for grade in (1, 3, 4, 5, 5)]
    (own, _) = reversed(results.cells([SurveyGroupCounts(group(), 9, 5)], given))
    assert [(one.answers, one.total, one.agree) for one in own.grade_summaries] == [(5, 18, 3)] * 4


def test_response_is_not_told_of_fewer_than_five_invited() -> None:
    assert not cells({"oslo": 1}, invited=4)["oslo"].shows_rate
    assert cells({"oslo": 1}, invited=5)["oslo"].shows_rate


def test_a_period_is_the_sum_of_quarters_that_are_shown() -> None:
    later = add_months(QUARTER, 3)
    found = [*cells({"oslo": 6}).values(), *cells({"oslo": 3}, later).values()]
    told = list(results.figures(found, ["oslo"]))
    heard = next(one for one in told if one.part == "heard")
    assert (heard.numerator, heard.denominator, heard.value) == (24, 6, 4.0)  # the three of the second are in no sum
    assert (told[0].numerator, told[0].denominator) == (9, 18)  # the response of both


@pytest.mark.parametrize(
    ("since", "until", "day", "expected"),
    [
        ("2025-01-01", "2025-03-31", "2025-06-01", ("2025-01-01", "2025-01-01")),
        ("2025-01-01", "2025-03-31", "2025-05-31", None),  # an invitation of March can still be used
        ("2025-01-02", "2025-03-31", "2026-01-01", None),
        ("2025-01-01", "2025-12-30", "2026-12-01", ("2025-01-01", "2025-07-01")),
        ("2025-01-01", "2025-12-31", "2025-12-01", ("2025-01-01", "2025-07-01")),
    ],
)
def test_whole_quarters_are_shown_once_their_last_invitation_has_expired(
    since: str, until: str, day: str, expected: tuple[str, str] | None
) -> None:
    found = results.quarters_in(*(date.fromisoformat(one) for one in (since, until, day)))
    assert (found and tuple(map(str, found))) == expected


def test_a_quarter_begins_on_its_first_day() -> None:
    assert [quarter_of(date(2026, month, 17)).month for month in (1, 3, 4, 9, 10, 12)] == [1, 1, 4, 7, 10, 10]
