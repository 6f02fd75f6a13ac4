"""T16: every route × everybody who may ask × every kind of case. What is hidden cannot be told from what is not there.

The routes are those of the application itself: a new one without a row in `ROUTES` fails here.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from itertools import product
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from tests import pg
from tests.api import sights
from tests.api.build import DAY, HIDDEN, assert_problem, rows, without_id
from tests.api.sights import KINDS, MESSAGES, VIEWERS, Secrets, World
from tests.identifiers import without_identifiers
from tests.service import Client, Service, fill, routes_of, sqlite_copy
from ungdom.api.http.tokens import SCOPES
from ungdom.store import notices
from ungdom.store.notices import UserNotice
from ungdom.store.schema.cases import case_file
from ungdom.workflow.rules.escalation import Level
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

NO_CASES = {"analyst", "auditor", "admin"}
TEAM = {"on_team", "off_team"}
PEOPLE = {"mine", "colleague", "leader", "theirs", "their_leader", "secretariat"}
SYSTEMS = {"prosecution", "their_prosecution"}
JOINING = {"leader", "their_leader", "secretariat"}


class Of(Enum):
    """What a route speaks of."""

    CASE = auto()
    CASE_WRITTEN = auto()
    STAGES = auto()  # of a case, where it stood and since when: not told to the school on its team
    RIGHTS = auto()  # of a case, and of the youth in it: not told to the team
    NOTES = auto()  # of a case, what the office wrote: not told to team, prosecution or courts
    CASES = auto()
    MESSAGE = auto()
    MESSAGE_SETTLED = auto()
    MESSAGES = auto()
    OFFICIAL = auto()
    OFFICIALS = auto()
    FEED = auto()
    FEEDS = auto()
    FEED_MADE = auto()
    CALENDAR = auto()  # read with the secret of its address, whoever asks
    ALERT = auto()
    ALERT_TAKEN = auto()
    ALERT_ANSWERED = auto()  # for the office, or for one's own part
    ALERT_PUT_OFF = auto()
    NIGHT = auto()  # of no case at all: for administrators
    RETENTION = auto()  # of no case either: for those who watch over the service
    WORK = auto()  # what needs doing, in cases seen
    LISTS = auto()  # the views of many cases
    TAKES_IN = auto()
    COUNTS = auto()  # of many cases, those seen by name
    PERSON_READ = auto()  # of a person, for those who know who the youth of a case of theirs is
    PERSON_LOG = auto()  # who has read of a person: for leader and secretariat, and those who watch over it
    ACCESS = auto()  # who has been given what: for those who watch over it
    CASE_ACCESS = auto()  # the same of a case: for the leader of its office as well
    CASE_ACCESS_PLAIN = auto()  # in plain words, for the youth: for those who hand it over
    CASE_ACCESS_DECIDED = auto()  # what the youth is not told of: for the leader of the office
    CASE_ARCHIVE = auto()  # a closed case as a file: for the leader of its office
    ACCESS_WITHHELD = auto()
    EMERGENCY = auto()  # wider sight on a case: for office roles that do not see it, and none on graded ones
    EMERGENCY_ENDED = auto()
    EMERGENCY_REVIEWED = auto()  # for the leader of the office that has the case, and those who watch over it
    EMERGENCIES = auto()
    PERSONS_JOINED = auto()  # whether two persons are one: for leader and secretariat
    PROPOSAL = auto()
    PROPOSALS = auto()
    PERSON = auto()  # of a person, for those who work on a case of theirs and know who it is
    QUESTION = auto()  # whether a person is one known: for those who may see the one known; tests/api/test_door.py
    QUESTIONS = auto()
    NATIONAL_COUNTS = auto()  # of many cases, exact for no office; for analysts what has been released
    NATIONAL_EXACT = auto()  # of many cases, exact for no office and for no analyst
    PUBLISHED = auto()  # of many cases, small counts hidden: for analysts too
    RELEASED = auto()  # the same, for nobody exact
    SURVEY = auto()  # of a case, for those who meet the youth
    TOKEN = auto()  # answered by whoever has the token in the address
    OWN = auto()  # what somebody has been told or has made: nobody else's exists
    FED = auto()  # what happened in the cases seen, for those who learn of events
    CATALOGUE = auto()  # of no case either: for whoever makes plans
    CATALOGUE_KEPT = auto()
    STAFF = auto()  # of no case: members of one's own office
    STAFF_KEPT = auto()  # the same, for leader, secretariat and administrator
    STAFF_ENDED = auto()
    STAFF_LOG = auto()  # who changed the list of staff: for those, and who watches over them
    REASSIGNED = auto()  # many cases at once: for those who assign one
    EXTRACTS = auto()  # of no case by name: what can be taken out
    ROWS = auto()  # rows under pseudonyms: for analysts
    ROWS_ORDERED = auto()  # the same, made beside
    JOBS = auto()  # what is made beside: one's own, or all for those who watch over it
    PULL = auto()  # one of these, for whoever took it out as well: tests/extracts/test_interface.py
    PULLS = auto()  # who took out what: for those who watch over it
    LAW = auto()  # nothing of a case: the same for everybody


OF_A_PERSON = (Of.PERSON, Of.PERSON_READ, Of.PERSON_LOG, Of.PERSONS_JOINED)
OF_THOSE_WHO_WORK = (
    *(Of.PERSON, Of.PERSON_LOG, Of.PERSONS_JOINED),
    *(Of.CASE_ACCESS, Of.CASE_ACCESS_DECIDED, Of.CASE_ARCHIVE),
)
OF_A_MESSAGE = (Of.MESSAGE, Of.MESSAGE_SETTLED)


REFUSED: dict[Of, set[str]] = {
    Of.CASE: NO_CASES,
    Of.CASE_WRITTEN: NO_CASES | TEAM,
    Of.RIGHTS: NO_CASES | TEAM,
    Of.NOTES: NO_CASES | TEAM | SYSTEMS,
    Of.STAGES: NO_CASES,
    Of.CASES: NO_CASES,
    Of.MESSAGE: NO_CASES | TEAM,
    Of.MESSAGE_SETTLED: NO_CASES | TEAM | SYSTEMS,
    Of.MESSAGES: NO_CASES | TEAM,
    Of.WORK: NO_CASES | TEAM,
    Of.LISTS: NO_CASES | TEAM | SYSTEMS,
    Of.COUNTS: {"analyst", "auditor"} | TEAM | SYSTEMS,
    Of.PERSON: NO_CASES | TEAM | SYSTEMS,
    Of.PERSON_READ: NO_CASES | TEAM | SYSTEMS,
    Of.PERSON_LOG: set(VIEWERS) - JOINING - {"auditor"},
    Of.ACCESS: set(VIEWERS) - {"auditor"},
    Of.CASE_ACCESS: set(VIEWERS) - {"leader", "their_leader", "auditor"},
    Of.CASE_ACCESS_PLAIN: NO_CASES | TEAM | SYSTEMS,
    Of.CASE_ACCESS_DECIDED: set(VIEWERS) - {"leader", "their_leader"},
    Of.CASE_ARCHIVE: set(VIEWERS) - {"leader", "their_leader"},
    Of.ACCESS_WITHHELD: set(VIEWERS) - {"leader", "their_leader"},
    Of.EMERGENCY: NO_CASES | TEAM | SYSTEMS | {"secretariat"},
    Of.EMERGENCY_ENDED: NO_CASES | TEAM | SYSTEMS | {"secretariat"},
    Of.EMERGENCY_REVIEWED: set(VIEWERS) - {"leader", "their_leader", "auditor"},
    Of.EMERGENCIES: set(VIEWERS) - {"leader", "their_leader", "auditor"},
    Of.PERSONS_JOINED: set(VIEWERS) - JOINING,
    Of.PROPOSAL: set(VIEWERS) - JOINING,
    Of.PROPOSALS: set(VIEWERS) - JOINING,
    Of.QUESTION: NO_CASES | TEAM | SYSTEMS,
    Of.QUESTIONS: NO_CASES | TEAM | SYSTEMS,
    Of.NATIONAL_COUNTS: set(VIEWERS) - {"secretariat", "admin", "analyst"},
    Of.NATIONAL_EXACT: set(VIEWERS) - {"secretariat", "admin"},
    Of.PUBLISHED: {"auditor"} | TEAM | SYSTEMS,
    Of.RELEASED: {"auditor"} | TEAM | SYSTEMS,
    Of.OFFICIAL: NO_CASES | TEAM | PEOPLE - {"secretariat"},
    Of.OFFICIALS: NO_CASES | TEAM | PEOPLE - {"secretariat"},
    Of.ALERT: NO_CASES,
    Of.ALERT_ANSWERED: NO_CASES | {"secretariat"},
    Of.ALERT_TAKEN: NO_CASES | TEAM | SYSTEMS | {"secretariat"},
    Of.ALERT_PUT_OFF: NO_CASES | TEAM | SYSTEMS | {"secretariat"},
    Of.NIGHT: set(VIEWERS) - {"admin"},
    Of.RETENTION: set(VIEWERS) - {"admin", "auditor", "secretariat"},
    Of.FED: NO_CASES | TEAM,
    Of.CATALOGUE: NO_CASES | TEAM | SYSTEMS,
    Of.CATALOGUE_KEPT: NO_CASES | TEAM | SYSTEMS | {"secretariat"},
    Of.STAFF: {"analyst", "auditor"} | TEAM | SYSTEMS,
    Of.STAFF_KEPT: set(VIEWERS) - JOINING - {"admin"},
    Of.STAFF_ENDED: set(VIEWERS) - JOINING - {"admin"},
    Of.STAFF_LOG: set(VIEWERS) - JOINING - {"admin", "auditor"},
    Of.REASSIGNED: NO_CASES | TEAM | SYSTEMS | {"secretariat"},
    Of.EXTRACTS: set(VIEWERS) - {"analyst", "secretariat", "admin"},
    Of.ROWS: set(VIEWERS) - {"analyst"},
    Of.ROWS_ORDERED: set(VIEWERS) - {"analyst"},
    Of.JOBS: set(VIEWERS) - {"analyst", "auditor", "admin"},
    Of.PULLS: set(VIEWERS) - {"auditor", "admin"},
    Of.SURVEY: NO_CASES | TEAM | SYSTEMS | {"secretariat"},
    Of.FEED: NO_CASES | TEAM | SYSTEMS | {"secretariat"},
    Of.FEEDS: NO_CASES | TEAM | SYSTEMS | {"secretariat"},
}
"""Whom it refuses, 403, whatever is asked: there is nothing to be learnt from that."""


@dataclass(frozen=True, eq=False)
class Ask:
    """One way to ask. Of what is seen it answers `seen`, and writes nothing either."""

    query: str = ""
    body: Any = None
    etag: str | None = None
    key: bool = False
    seen: int = 200


EVENT = {"type": "suspect_set", "occurred_on": DAY}
CORRECTION = {"seq": 1, "reason": "wrong_date", "replacement": None}
TRIAL = {"changes": [{"code": "lead_time", "length": {"days": 1}}, {"code": "team_meeting", "length": {"days": 1}}]}
PERIOD = "?from=2014-07-01&to=2026-12-31"
INVITATION = {"kind": "completion", "respondent": "youth"}
LATE_ANSWER = {"reason": "capacity", "expected_on": "2026-01-04"}
SEX = {"reason": "A slip of the pen.", "sex": "female"}
TO_MERGE = {"other": HIDDEN, "reason": "One youth."}
TO_SPLIT = {"cases": [HIDDEN], "reason": "Two youths."}
TO_ERASE = {"reason": "The youth has asked for it."}
LATER_DEATH = {"kind": "death", "occurred_on": "2099-01-01"}
EMERGENCY = {"code": "danger", "reason": "Somebody is in danger.", "hours": 1}
REVIEW = {"justified": True, "note": "There was danger."}
TOMORROW = "2026-01-06"
BEFORE = "?known_at=2014-07-01"
THEN = f"?known_at={DAY}&valid_at={DAY}"
OLD = '"999"'
WRITES = (428, 412, 412, 412)


def reads(of: Of = Of.CASE, *more: str) -> tuple[Of, tuple[Ask, ...]]:
    return of, (Ask(), *(Ask(query) for query in more))


def writes(body: Any) -> tuple[Of, tuple[Ask, ...]]:
    asks = (Ask(), Ask(etag=OLD), Ask("?dry_run=true", etag=OLD), Ask(etag=OLD, key=True))
    told = zip(asks, WRITES, strict=True)
    return Of.CASE_WRITTEN, tuple(Ask(a.query, body, a.etag, a.key, seen) for a, seen in told)


Row = tuple[Of, tuple[Ask, ...]]
ROUTES: dict[tuple[str, str], Row] = {
    ("GET", "/v1/cases/{case_id}"): reads(Of.CASE, THEN, BEFORE),
    ("GET", "/v1/cases/{case_id}/events"): reads(Of.CASE, THEN),
    ("GET", "/v1/cases/{case_id}/options"): reads(),
    ("GET", "/v1/cases/{case_id}/lead-time"): reads(Of.STAGES, THEN),
    ("GET", "/v1/cases/{case_id}/deadlines"): reads(Of.CASE, THEN),
    ("GET", "/v1/cases/{case_id}/forecast"): reads(Of.STAGES),
    ("GET", "/v1/cases/{case_id}/team"): reads(Of.CASE, THEN),
    ("GET", "/v1/cases/{case_id}/plan"): reads(Of.CASE, THEN),
    ("GET", "/v1/cases/{case_id}/meetings"): reads(Of.CASE, THEN),
    ("GET", "/v1/cases/{case_id}/restorative"): reads(Of.CASE, THEN),
    ("GET", "/v1/measures/catalogue"): reads(Of.CATALOGUE, "?municipality=0301&on=2026-01-01", "?konfliktrad=troms"),
    ("GET", "/v1/measures/providers/{provider_id}"): (Of.CATALOGUE, (Ask(seen=404),)),
    ("POST", "/v1/measures/providers"): (Of.CATALOGUE_KEPT, (Ask(body={}),)),
    ("POST", "/v1/measures/providers/{provider_id}/availability"): (Of.CATALOGUE_KEPT, (Ask(body={}),)),
    ("GET", "/v1/access-log"): reads(Of.ACCESS, "?konfliktrad=oslo&from=2026-01-01", f"?case={HIDDEN}"),
    ("GET", "/v1/access-log/withheld"): reads(Of.ACCESS_WITHHELD, "?due=true"),
    ("GET", "/v1/cases/{case_id}/archive"): (Of.CASE_ARCHIVE, (Ask(seen=409),)),
    ("GET", "/v1/cases/{case_id}/access-log"): reads(Of.CASE_ACCESS, "?to=2026-01-04"),
    ("GET", "/v1/cases/{case_id}/access-log/plain"): reads(Of.CASE_ACCESS_PLAIN),
    ("POST", "/v1/cases/{case_id}/access-log/{access_id}/withhold"): (
        Of.CASE_ACCESS_DECIDED,
        (Ask(body={"code": "investigation", "review_on": "2026-02-01"}, seen=404),),
    ),
    ("POST", "/v1/cases/{case_id}/access-log/{access_id}/disclose"): (Of.CASE_ACCESS_DECIDED, (Ask(seen=404),)),
    ("POST", "/v1/cases/{case_id}/emergency-access"): (Of.EMERGENCY, (Ask(body=EMERGENCY, seen=409),)),
    ("GET", "/v1/emergency-access"): reads(Of.EMERGENCIES, "?state=to_review"),
    ("POST", "/v1/emergency-access/{emergency_id}/end"): reads(Of.EMERGENCY_ENDED),
    ("POST", "/v1/emergency-access/{emergency_id}/review"): (Of.EMERGENCY_REVIEWED, (Ask(body=REVIEW),)),
    ("GET", "/v1/cases/{case_id}/notes"): reads(Of.NOTES, THEN),
    ("GET", "/v1/cases/{case_id}/consents"): reads(Of.RIGHTS, THEN),
    ("GET", "/v1/cases/{case_id}/breaches"): reads(Of.RIGHTS, THEN),
    ("GET", "/v1/cases/{case_id}/complaints"): reads(Of.RIGHTS, THEN),
    ("GET", "/v1/alerts"): reads(Of.CASES, "?live=false", "?konfliktrad=oslo"),
    ("GET", "/v1/alerts/unreached"): reads(Of.LISTS, "?konfliktrad=oslo"),
    ("GET", "/v1/coordination-groups"): reads(Of.CATALOGUE),
    ("GET", "/v1/coordination-groups/{konfliktrad}"): (Of.CATALOGUE, (Ask(seen=404),)),
    ("PUT", "/v1/coordination-groups/{konfliktrad}"): (Of.CATALOGUE_KEPT, (Ask(body={}),)),
    ("GET", "/v1/alerts/{alert_id}"): reads(Of.ALERT),
    ("POST", "/v1/alerts/{alert_id}/acknowledge"): reads(Of.ALERT_TAKEN),
    ("POST", "/v1/alerts/{alert_id}/answer"): (Of.ALERT_ANSWERED, (Ask(body=LATE_ANSWER, seen=422),)),
    ("POST", "/v1/alerts/{alert_id}/snooze"): (Of.ALERT_PUT_OFF, (Ask(body={"until": "2026-01-04"}, seen=422),)),
    ("POST", "/v1/jobs/nightly/runs"): (Of.NIGHT, (Ask(body={"on": "2014-07-02"}),)),
    ("GET", "/v1/jobs/nightly/runs"): reads(Of.NIGHT),
    ("GET", "/v1/jobs/runs"): reads(Of.NIGHT),
    ("GET", "/v1/audit"): reads(Of.PULLS),
    ("GET", "/v1/cases/{case_id}/delay"): reads(Of.STAGES, THEN),
    ("POST", "/v1/cases/{case_id}/events"): writes(EVENT),
    ("POST", "/v1/cases/{case_id}/corrections"): writes(CORRECTION),
    ("GET", "/v1/cases"): reads(Of.CASES),
    ("GET", "/v1/cases/{case_id}/timeline"): reads(Of.CASE, THEN),
    ("GET", "/v1/cases/{case_id}/tasks"): reads(Of.CASE_WRITTEN, THEN),
    **{
        ("GET", f"/v1/{view}"): reads(Of.LISTS, THEN, "?konfliktrad=oslo")
        for view in ("plans", "meetings", "consents", "breaches", "complaints")
    },
    ("GET", "/v1/worklist"): reads(Of.WORK, THEN, "?kind=assign"),
    ("GET", "/v1/worklist/kinds"): reads(Of.WORK),
    ("GET", "/v1/worklist/forecast"): reads(Of.WORK, "?weeks=2"),
    ("GET", "/v1/delays"): reads(Of.CASES, THEN, "?konfliktrad=oslo&from=2026-01-01"),
    ("POST", "/v1/cases"): reads(Of.TAKES_IN),
    ("POST", "/v1/decisions"): reads(Of.TAKES_IN),
    ("POST", "/v1/decisions/batch"): reads(Of.TAKES_IN),
    ("GET", "/v1/decisions"): reads(Of.MESSAGES),
    ("GET", "/v1/decisions/{message_id}"): reads(Of.MESSAGE),
    ("POST", "/v1/decisions/{message_id}/retry"): (Of.MESSAGE, (Ask(body={}), Ask(body={"accept_gap": True}))),
    ("POST", "/v1/decisions/{message_id}/dismiss"): reads(Of.MESSAGE_SETTLED),
    ("POST", "/v1/esas/messages"): reads(Of.TAKES_IN),
    ("GET", "/v1/esas/messages"): reads(Of.OFFICIALS),
    ("GET", "/v1/esas/messages/{message_id}"): reads(Of.OFFICIAL),
    ("GET", "/v1/calendar-feeds"): reads(Of.FEEDS),
    ("POST", "/v1/calendar-feeds"): reads(Of.FEED_MADE),
    ("DELETE", "/v1/calendar-feeds/{feed_id}"): reads(Of.FEED),
    ("GET", "/v1/calendar/{secret}.ics"): reads(Of.CALENDAR),
    ("GET", "/v1/notices"): reads(Of.OWN),
    ("POST", "/v1/notices/{notice_id}/read"): reads(Of.OWN),
    ("GET", "/v1/contacts/me"): reads(Of.OWN),
    ("PUT", "/v1/contacts/me"): (Of.OWN, (Ask(body={"language": "nn"}),)),
    ("PUT", "/v1/contacts/{subject}"): (Of.OWN, (Ask(body={"language": "nn"}),)),
    ("GET", "/v1/staff"): reads(Of.STAFF, "?konfliktrad=oslo", "?role=leader&on=2026-01-01"),
    ("GET", "/v1/staff/{subject}"): (Of.STAFF, (Ask(seen=404),)),
    ("POST", "/v1/staff"): (Of.STAFF_KEPT, (Ask(body={}),)),
    ("PATCH", "/v1/staff/{subject}"): (Of.STAFF_KEPT, (Ask(body={"roles": []}),)),
    ("POST", "/v1/staff/{subject}/absences"): (Of.STAFF_KEPT, (Ask(body={}),)),
    ("POST", "/v1/staff/{subject}/absences/{absence_id}/end"): (Of.STAFF_ENDED, (Ask(seen=404),)),
    ("GET", "/v1/staff/{subject}/changes"): (Of.STAFF_LOG, (Ask(seen=404),)),
    ("POST", "/v1/cases/reassignments"): (Of.REASSIGNED, (Ask(body={}),)),
    ("GET", "/v1/webhooks"): reads(Of.OWN),
    ("POST", "/v1/webhooks"): (Of.OWN, (Ask(body={}),)),
    ("GET", "/v1/webhooks/{webhook_id}"): reads(Of.OWN),
    ("PATCH", "/v1/webhooks/{webhook_id}"): (Of.OWN, (Ask(body={}),)),
    ("DELETE", "/v1/webhooks/{webhook_id}"): reads(Of.OWN),
    ("POST", "/v1/webhooks/{webhook_id}/rotate"): reads(Of.OWN),
    ("POST", "/v1/webhooks/{webhook_id}/replay"): (Of.OWN, (Ask(body={}),)),
    ("POST", "/v1/webhooks/{webhook_id}/test"): reads(Of.OWN),
    ("GET", "/v1/webhooks/{webhook_id}/deliveries"): reads(Of.OWN, "?state=dead"),
    ("GET", "/v1/feed"): reads(Of.FED, "?newest=true"),
    ("GET", "/v1/workflows/{sanction}/{regime}"): reads(Of.LAW),
    ("GET", "/v1/deadline-rules"): reads(Of.LAW),
    ("POST", "/v1/deadline-rules/simulate"): (Of.COUNTS, (Ask(body=TRIAL), Ask(body={**TRIAL, "limit": 0}, key=True))),
    ("GET", "/v1/statistics/indicators"): (Of.COUNTS, (Ask(PERIOD), Ask(f"{PERIOD}&known_at={DAY}&valid_at={DAY}"))),
    ("GET", "/v1/statistics/indicators/definitions"): reads(Of.COUNTS),
    ("GET", "/v1/statistics/indicators/released"): (
        Of.PUBLISHED,
        (Ask(PERIOD), Ask(f"{PERIOD}&statistic=plan_adapted")),
    ),
    ("GET", "/v1/releases"): reads(Of.PUBLISHED),
    ("GET", "/v1/releases/{release_id}"): reads(Of.PUBLISHED),
    ("GET", "/v1/releases/{release_id}/content"): reads(Of.PUBLISHED),
    ("GET", "/v1/releases/{release_id}/proof"): reads(Of.PUBLISHED),
    ("GET", "/v1/statistics/surveys"): (Of.COUNTS, (Ask(PERIOD),)),
    ("GET", "/v1/statistics/caseload"): reads(Of.COUNTS, THEN),
    ("GET", "/v1/statistics/lead-time"): (
        Of.PUBLISHED,
        (Ask(PERIOD), Ask(f"{PERIOD}&by=konfliktrad&by=sex&curve=false")),
    ),
    ("GET", "/v1/statistics/completion"): (Of.PUBLISHED, (Ask(PERIOD), Ask(f"{PERIOD}&known_at={DAY}&valid_at={DAY}"))),
    ("GET", "/v1/extracts"): reads(Of.EXTRACTS),
    ("GET", "/v1/extracts/aggregates"): (Of.RELEASED, (Ask(seen=422), Ask(f"?known_at={DAY}", seen=422))),
    ("GET", "/v1/extracts/{name}"): (Of.ROWS, (Ask("?purpose=demo"),)),
    ("GET", "/v1/extracts/pulls"): reads(Of.PULLS),
    ("POST", "/v1/extracts/jobs"): (
        Of.ROWS_ORDERED,
        (Ask(body={"extract": "cases", "purpose": "nothing"}, seen=422),),
    ),
    ("POST", "/v1/extracts/schedules"): (
        Of.ROWS_ORDERED,
        (Ask(body={"extract": "cases", "purpose": "nothing", "every": "day"}, seen=422),),
    ),
    ("GET", "/v1/extracts/jobs"): reads(Of.JOBS),
    ("GET", "/v1/extracts/schedules"): reads(Of.JOBS),
    ("GET", "/v1/extracts/jobs/{job_id}"): reads(Of.PULL),
    ("GET", "/v1/extracts/jobs/{job_id}/files/{file:path}"): reads(Of.PULL),
    ("DELETE", "/v1/extracts/schedules/{schedule_id}"): reads(Of.PULL),
    ("GET", "/v1/extracts/pulls/{pull_id}/manifest"): reads(Of.PULL),
    ("GET", "/v1/statistics/definitions"): reads(Of.PUBLISHED),
    ("GET", "/v1/statistics/recidivism"): (Of.NATIONAL_COUNTS, (Ask(PERIOD), Ask(f"{PERIOD}&by=sex&known_at={DAY}"))),
    ("GET", "/v1/statistics/overview"): (Of.PUBLISHED, (Ask(PERIOD), Ask(f"{PERIOD}&known_at={DAY}&valid_at={DAY}"))),
    ("GET", "/v1/statistics/completion/cohorts"): (Of.COUNTS, (Ask(), Ask(f"?months=12&by=age&known_at={DAY}"))),
    ("GET", "/v1/statistics/explanation"): (Of.COUNTS, (Ask(PERIOD), Ask(f"{PERIOD}&statistic=p3&known_at={DAY}"))),
    ("GET", "/v1/statistics/waits-by-party"): (Of.COUNTS, (Ask(PERIOD), Ask(f"{PERIOD}&known_at={DAY}"))),
    ("GET", "/v1/statistics/recidivism/by-outcome"): (
        Of.NATIONAL_EXACT,
        (Ask(PERIOD), Ask(f"{PERIOD}&known_at={DAY}")),
    ),
    ("GET", "/v1/statistics/comparison"): (
        Of.NATIONAL_EXACT,
        (Ask(PERIOD), Ask(f"{PERIOD}&statistic=completion.closed&covariates=sex&known_at={DAY}")),
    ),
    ("GET", "/v1/persons/{person_id}/observations"): reads(Of.PERSON),
    ("POST", "/v1/persons/{person_id}/observations"): (Of.PERSON, (Ask(body=LATER_DEATH, seen=422),)),
    ("GET", "/v1/persons/{person_id}"): reads(Of.PERSON_READ),
    ("PATCH", "/v1/persons/{person_id}"): (Of.PERSON, (Ask(body=SEX, seen=428),)),
    ("GET", "/v1/persons/{person_id}/access-log"): reads(Of.PERSON_LOG),
    ("POST", "/v1/persons/search"): (Of.QUESTIONS, (Ask(body={"name": "Nobody"}),)),
    ("POST", "/v1/persons/{person_id}/merge"): (Of.PERSONS_JOINED, (Ask(body=TO_MERGE, seen=404),)),
    ("POST", "/v1/persons/{person_id}/split"): (Of.PERSONS_JOINED, (Ask(body=TO_SPLIT, seen=422),)),
    ("POST", "/v1/persons/{person_id}/erasure"): (Of.PERSONS_JOINED, (Ask(body=TO_ERASE, seen=409),)),
    ("POST", "/v1/persons/{person_id}/subject-access"): reads(Of.PERSON),
    ("GET", "/v1/retention"): reads(Of.RETENTION),
    ("PUT", "/v1/retention/{rule}"): (Of.NIGHT, (Ask(body={}, seen=422),)),
    ("POST", "/v1/jobs/retention/runs"): (Of.NIGHT, (Ask(body={"dry_run": True}),)),
    ("GET", "/v1/persons/proposals"): reads(Of.PROPOSALS, "?status=proposed"),
    ("GET", "/v1/persons/protection-reviews"): reads(Of.PROPOSALS),
    ("POST", "/v1/persons/proposals/{proposal_id}/approve"): reads(Of.PROPOSAL),
    ("POST", "/v1/persons/proposals/{proposal_id}/reject"): reads(Of.PROPOSAL),
    ("POST", "/v1/population-events"): reads(Of.TAKES_IN),
    ("GET", "/v1/population-events"): reads(Of.QUESTIONS, "?outcome=question"),
    ("POST", "/v1/population-events/{event_id}/apply"): (Of.QUESTION, (Ask(body={}),)),
    ("POST", "/v1/population-events/{event_id}/dismiss"): (Of.QUESTION, (Ask(body={"reason": "En annen."}),)),
    ("GET", "/v1/persons/questions"): reads(Of.QUESTIONS, "?status=open"),
    ("POST", "/v1/persons/questions/{question_id}/confirm"): reads(Of.QUESTION),
    ("POST", "/v1/persons/questions/{question_id}/reject"): (Of.QUESTION, (Ask(body={"reason": "To personer."}),)),
    ("GET", "/v1/cases/{case_id}/surveys"): reads(Of.SURVEY),
    ("POST", "/v1/cases/{case_id}/surveys"): (Of.SURVEY, (Ask(body=INVITATION, seen=409),)),
    ("GET", "/v1/surveys/{token}"): reads(Of.TOKEN),
    ("POST", "/v1/surveys/{token}"): (Of.TOKEN, (Ask(body={"answers": {"heard": 3}}),)),
    ("GET", "/v1/problems/{code}"): reads(Of.LAW),
    ("GET", "/health/live"): reads(Of.LAW),
    ("GET", "/health/ready"): reads(Of.LAW),
    ("GET", "/openapi.json"): reads(Of.LAW),
    ("GET", "/docs"): reads(Of.LAW),
    ("GET", "/docs/try"): reads(Of.LAW),
    ("GET", "/static"): reads(Of.LAW),
}
"""A row a route: what it speaks of, and how it is asked."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    databases: pg.Databases = request.getfixturevalue("pg_databases")
    if request.param == "sqlite":
        url = sqlite_copy(request.getfixturevalue("sqlite_template"), folder)
    else:
        url = pg.sqlalchemy_url(databases.create(fill))
    with Service(url, folder) as running:
        yield sights.made(running)


Heard = dict[tuple[str, Of, str, Ask, str], httpx.Response]
"""By viewer, what the route speaks of, route, way of asking, and the kind of thing asked for; `absent` is none."""

ABSENT = "absent"
by_the_case = pytest.mark.parametrize("world", ["sqlite"], indirect=True)
"""One case is looked at in Python, the same on either database; lists are looked at in SQL, on both."""


@pytest.fixture(scope="module")
def heard(world: World) -> Heard:
    """Everything that everybody is answered, on every route that speaks of one case or message. Nothing is written."""
    cases = {ABSENT: HIDDEN, **{kind: case.id for kind, case in world.cases.items()}}
    graded = {kind: id for kind, id in cases.items() if kind == ABSENT or KINDS[kind].protection != "none"}
    messages = {ABSENT: HIDDEN, **world.messages}
    official = {ABSENT: HIDDEN, "official": world.official}
    feeds = {ABSENT: HIDDEN, "feed": world.feed}
    alerts = {ABSENT: HIDDEN, **world.alerts}
    things = {
        Of.CASE: cases,
        Of.CASE_WRITTEN: cases,
        Of.RIGHTS: cases,
        Of.STAGES: cases,
        Of.NOTES: cases,
        Of.CASE_ACCESS: cases,
        Of.CASE_ACCESS_PLAIN: cases,
        Of.CASE_ARCHIVE: cases,
        Of.CASE_ACCESS_DECIDED: cases,
        Of.SURVEY: cases,
        Of.EMERGENCY: graded,
        **{of: {ABSENT: HIDDEN, **people_of(world)} for of in OF_A_PERSON},
        Of.MESSAGE: messages,
        Of.MESSAGE_SETTLED: messages,
        Of.OFFICIAL: official,
        Of.FEED: feeds,
        Of.EMERGENCY_ENDED: {ABSENT: HIDDEN},
        Of.EMERGENCY_REVIEWED: {ABSENT: HIDDEN},
        Of.QUESTION: {ABSENT: HIDDEN},
        Of.PROPOSAL: {ABSENT: HIDDEN},
    }
    things |= dict.fromkeys((Of.ALERT, Of.ALERT_ANSWERED, Of.ALERT_TAKEN, Of.ALERT_PUT_OFF), alerts)
    before = written(world)
    found = {
        (viewer, of, f"{method} {path}", ask, about): put(world.as_(viewer), method, path, ask, id)
        for viewer, (of, things_of) in product(VIEWERS, things.items())
        for method, path, ask in routes(of)
        for about, id in things_of.items()
        if not (
            of in OF_A_MESSAGE and method == "POST" and viewer in MESSAGES.get(about, ())
        )  # that would try it again
        if not (of is Of.ALERT_TAKEN and about != ABSENT and sees(viewer, of, about))  # that would take it
        if not (of is Of.FEED and sees(viewer, of, about))  # that would revoke it
    }
    assert written(world) == before
    return found


def written(world: World) -> dict[str, int]:
    """How many rows each table holds."""
    return rows(world.service)


def people_of(world: World) -> dict[str, str]:
    """The youth of each kind of case."""
    with world.service.db.reading() as tx:
        whose = {str(row.case_id): str(row.person_id) for row in tx.execute(select(case_file))}
    return {kind: whose[case.id] for kind, case in world.cases.items()}


def routes(of: Of) -> Iterator[tuple[str, str, Ask]]:
    return ((method, path, ask) for (method, path), (about, asks) in ROUTES.items() for ask in asks if about is of)


def put(client: Client, method: str, path: str, ask: Ask, id: str) -> httpx.Response:
    """The question asked of the thing with this id."""
    whole = path.replace("{case_id}", id).replace("{message_id}", id).replace("{feed_id}", id)
    whole = whole.replace("{person_id}", id).replace("{release_id}", HIDDEN).replace("{name}", "cases")
    whole = whole.replace("{question_id}", id).replace("{alert_id}", id).replace("{provider_id}", id)
    whole = whole.replace("{emergency_id}", id).replace("{access_id}", HIDDEN).replace("{rule}", "persons")
    whole = whole.replace("{proposal_id}", id).replace("{event_id}", id)
    whole = whole.replace("{konfliktrad}", id).replace("{subject}", id).replace("{absence_id}", id) + ask.query
    if method != "POST":
        sent = {} if ask.body is None else {"json": ask.body}
        return client.service.send(method, whole, headers={"Authorization": f"Bearer {client.token}"}, **sent)
    return client.post(whole, ask.body, ask.etag, f"object-access-{id}" if ask.key else None)


def told(answer: httpx.Response) -> tuple[int, dict[str, Any], dict[str, str]]:
    """All of an answer but the trace."""
    return answer.status_code, answer.json() | {"trace_id": ""}, without_id(answer.headers)


def sees(viewer: str, of: Of, about: str) -> bool:
    if of in (Of.PERSON_LOG, Of.CASE_ACCESS) and viewer == "auditor":
        return True
    if of is Of.PERSON_READ and viewer == "their_leader" and about == "leaving_strict":
        return False  # who is to receive the case learns that there is one, and not whose
    if of in OF_THOSE_WHO_WORK and viewer == "their_leader" and about.startswith("leaving"):
        return False  # who is to receive a case sees it and does nothing in it
    if of is Of.OFFICIAL:
        return viewer in ("secretariat", "prosecution")
    if of is Of.FEED:
        return about == "feed" and viewer == "mine"
    return viewer in (MESSAGES[about] if of in OF_A_MESSAGE else KINDS[about].sees)


def _database(world: World) -> str:
    return world.service.db.writer.dialect.name


# --- the table ----------------------------------------------------------------------------------------------


def test_every_route_of_the_application_has_its_row(one: Service) -> None:
    """Pages are compared with these routes in `tests/web/test_page_access.py`."""
    assert routes_of(one.app) == set(ROUTES)


def test_every_role_that_a_token_can_have_asks() -> None:
    assert {role for role, _, _ in VIEWERS.values()} == set(SCOPES)


# --- one case, one message ----------------------------------------------------------------------------------


@by_the_case
def test_what_is_hidden_answers_on_every_route_as_what_does_not_exist(
    world: World, heard: Heard, figure: Callable[[str], None]
) -> None:
    compared = 0
    for (viewer, of, route, ask, about), answer in heard.items():
        if about == ABSENT:
            assert answer.status_code == (403 if viewer in REFUSED[of] else 404), (viewer, route, ask)
        elif not sees(viewer, of, about):
            assert told(answer) == told(heard[viewer, of, route, ask, ABSENT]), (viewer, route, ask, about)
            compared += 1
    assert compared > 1_000
    asked = f"{len(ROUTES)} routes, {len(VIEWERS)} viewers, {len(KINDS)} kinds of cases"
    figure(f"T16 {_database(world)}: {compared} answers about what is hidden, as of what is not there ({asked})")


@by_the_case
def test_what_may_be_seen_is_answered_on_every_route(heard: Heard) -> None:
    seen = 0
    for (viewer, of, route, ask, about), answer in heard.items():
        if about != ABSENT and sees(viewer, of, about):
            untold = ask.query == BEFORE or (of is Of.STAGES and viewer in TEAM)
            looks = viewer == "their_leader" and about.startswith("leaving") and route.startswith("POST /v1/alerts")
            expected = 403 if viewer in REFUSED[of] or looks else 404 if untold else ask.seen
            late = ask.query == THEN and about.startswith("sent")
            assert answer.status_code == expected or (late and answer.status_code == 404), (viewer, route, ask, about)
            seen += 1
    assert seen > 1_000


@pytest.mark.parametrize("viewer", VIEWERS)
def test_who_may_not_is_refused_before_a_body_is_looked_at_for_a_case(world: World, viewer: str) -> None:
    for of in (
        Of.TAKES_IN,
        Of.CASES,
        Of.WORK,
        Of.LISTS,
        Of.QUESTIONS,
        Of.PROPOSALS,
        Of.MESSAGES,
        Of.OFFICIALS,
        Of.ACCESS,
        Of.ACCESS_WITHHELD,
        Of.EMERGENCIES,
        Of.COUNTS,
        Of.RELEASED,
        Of.FEEDS,
        Of.NIGHT,
        Of.RETENTION,
        Of.CATALOGUE,
        Of.CATALOGUE_KEPT,
        Of.STAFF,
        Of.STAFF_KEPT,
        Of.STAFF_ENDED,
        Of.STAFF_LOG,
        Of.REASSIGNED,
        Of.EXTRACTS,
        Of.ROWS,
        Of.ROWS_ORDERED,
        Of.JOBS,
        Of.PULLS,
    ):
        assert any(routes(of)), of
        for method, path, ask in routes(of):
            found = put(world.as_(viewer), method, path, ask, HIDDEN).status_code
            takes_in = of in (Of.TAKES_IN, Of.CATALOGUE_KEPT, Of.STAFF_KEPT, Of.REASSIGNED)
            elsewhere = of is not Of.CATALOGUE and works_elsewhere(viewer, asked_office(ask))
            expected = {403, 422, 400, 415} if takes_in else {403 if viewer in REFUSED[of] or elsewhere else ask.seen}
            assert found in expected, (path, found)


@pytest.mark.parametrize("viewer", VIEWERS)
def test_released_figures_are_for_analysts_too_and_nothing_else_is(world: World, viewer: str) -> None:
    """Nothing is released here: an analyst is told so, and others get the exact figures that are theirs."""
    answers = {"{release_id}": 404, "definitions": 200, "/released": 422}
    answers["statistics"] = 422 if viewer == "analyst" else 200
    for of in (Of.PUBLISHED, Of.NATIONAL_COUNTS, Of.NATIONAL_EXACT):
        assert any(routes(of)), of
        for method, path, ask in routes(of):
            found = put(world.as_(viewer), method, path, ask, HIDDEN)
            expected = next((status for part, status in answers.items() if part in path), 200)
            assert found.status_code == (403 if viewer in REFUSED[of] else expected), (path, found)
            if found.status_code == 422:
                assert_problem(found, 422, "nothing_released")


def test_the_law_is_the_same_for_everybody(world: World) -> None:
    assert any(routes(Of.LAW))
    for method, path, ask in routes(Of.LAW):
        where = path.replace("{sanction}", "youth_sanction").replace("{regime}", "R2").replace("{code}", "not_found")
        found = [put(world.as_(viewer), method, where, ask, HIDDEN) for viewer in ("mine", "on_team", "admin")]
        assert {answer.status_code for answer in found} <= {200, 307}, path
        assert len({answer.text for answer in found}) == 1, path


def test_a_token_of_a_survey_that_is_none_answers_everybody_alike(world: World) -> None:
    assert any(routes(Of.TOKEN))
    for method, path, ask in routes(Of.TOKEN):
        found = [put(world.as_(viewer), method, path.replace("{token}", "none"), ask, HIDDEN) for viewer in VIEWERS]
        assert {answer.status_code for answer in found} == {404}
        assert len({str(answer.json() | {"trace_id": ""}) for answer in found}) == 1


# --- what is somebody's own ---------------------------------------------------------------------------------


READ_BY_ADMINISTRATORS = {
    ("GET", "/v1/webhooks/{webhook_id}"),
    ("DELETE", "/v1/webhooks/{webhook_id}"),
    ("POST", "/v1/webhooks/{webhook_id}/test"),
}


def own(world: World, viewer: str, ids: dict[str, str]) -> dict[str, tuple[int, dict[str, Any]]]:
    """What somebody is answered on the routes of what is one's own, about these ids."""
    client, found = world.as_(viewer), {}
    for method, path, ask in routes(Of.OWN):
        every = viewer == "admin" and (method, path) in READ_BY_ADMINISTRATORS
        if path == "/v1/contacts/me" or every:
            continue  # one's own whatever is asked; an administrator may read, test and delete every webhook
        sent = {"json": ask.body} if ask.body is not None else {}
        bearer = {"Authorization": f"Bearer {client.token}"}
        answer = world.service.send(method, path.format(**ids) + ask.query, headers=bearer, **sent)
        found[f"{method} {path}{ask.query}"] = (answer.status_code, answer.json() | {"trace_id": ""})
    return found


@by_the_case
@pytest.mark.parametrize("viewer", [viewer for viewer in VIEWERS if viewer != "mine"])
def test_what_somebody_was_told_or_has_made_does_not_exist_for_others(world: World, viewer: str) -> None:
    mine = made_own(world)
    nobodys = {"notice_id": HIDDEN, "webhook_id": HIDDEN, "subject": "nobody"}
    before = rows(world.service)
    heard_of = own(world, viewer, mine)
    assert heard_of == own(world, viewer, nobodys)
    refused = {status for route, (status, _) in heard_of.items() if "{" in route}
    some = TEAM | {"auditor"}  # the auditor has notices, and no webhook
    assert refused == ({403, 404} if viewer in some else {403} if viewer in NO_CASES else {404})
    if viewer != "admin":
        assert not any(one in json.dumps(list(heard_of.values())) for one in mine.values())
    assert rows(world.service) == before


def made_own(world: World) -> dict[str, str]:
    """A webhook and a notice of the assigned coordinator; and somebody of whom only they have a say: their team's."""
    known = world.as_("mine").get("/v1/webhooks").json()["items"]
    if not known:
        wanted = {"url": "https://system.eksempel.no/inn", "kinds": ["alert.raised"]}
        known = [world.as_("mine").post("/v1/webhooks", wanted).json()]
    case_id, role = UUID(world.cases["open"].id), Role.COORDINATOR
    notice = UserNotice(
        notice_id=UUID(int=7),
        message_id=UUID(int=7),
        viewer=Viewer(role, "coordinator-oslo", "oslo"),
        case_id=case_id,
        alert_id=UUID(int=7),
        kind="alert.raised",
        code="plan_meeting",
        level=Level.OVERDUE,
        due=date(2026, 1, 1),
        days=1,
        waiting_for=None,
        at=world.service.clock(),
    )
    with world.service.db.writing() as tx:
        notices.add(tx, [notice])
    return {"notice_id": str(notice.notice_id), "webhook_id": known[0]["id"], "subject": "teacher-7"}


# --- lists --------------------------------------------------------------------------------------------------


def queries(world: World) -> list[dict[str, Any]]:
    """Ways to ask for a list: whole, by everything that could find one case, as of another day."""
    words = [word for case in world.cases.values() for word in (case.reference, case.reference[:4], case.number)]
    by: list[dict[str, Any]] = [
        {"konfliktrad": "oslo"},
        {"konfliktrad": "troms"},
        {"coordinator": "coordinator-oslo"},
        {"state": "executing"},
        {"sanction": "youth_sanction"},
        {"phase": "decision"},
        {"waiting_for": "court"},
        {"overdue": "true"},
        {"sort": "reference"},
        {"overdue": "false", "sort": "-next_due_on"},
        {"valid_at": DAY},
        {"known_at": TOMORROW},
        {"known_at": TOMORROW, "konfliktrad": "oslo"},
    ]
    return [{}, *by, *({"q": word} for word in words)]


def pages(client: Client, asked: dict[str, Any], limit: int) -> Iterator[dict[str, Any]]:
    """Every page of a list."""
    cursor: str | None = None
    for _ in range(200):
        page = client.get("/v1/cases", **asked, limit=limit, cursor=cursor).json()
        yield page
        cursor = page["next"]
        if cursor is None:
            return
    raise AssertionError("a list without end")


def works_elsewhere(viewer: str, office: str | None) -> bool:
    """Whether this is another konfliktråd than the one that the viewer works for."""
    return None not in (office, VIEWERS[viewer][1]) and office != VIEWERS[viewer][1]


def asked_office(ask: Ask) -> str | None:
    """The konfliktråd that the list is narrowed to."""
    return parse_qs(ask.query.lstrip("?")).get("konfliktrad", [None])[0]


def inside(cursor: str | None) -> str:
    """What anybody can read in a cursor."""
    body = (cursor or "..").split(".")[1]
    return urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()


@pytest.mark.parametrize("viewer", [viewer for viewer in VIEWERS if viewer not in NO_CASES])
def test_lists_hold_what_may_be_seen_and_nothing_of_the_rest(world: World, viewer: str) -> None:
    client = world.as_(viewer)
    visible = {case.id for kind, case in world.cases.items() if viewer in KINDS[kind].sees}
    hidden = [case for kind, case in world.cases.items() if viewer not in KINDS[kind].sees]
    for asked in queries(world):
        if works_elsewhere(viewer, asked.get("konfliktrad")):
            assert_problem(client.get("/v1/cases", **asked), 403, "other_office")
            continue
        whole = list(pages(client, asked, 200)) + (list(pages(client, asked, 1)) if len(asked) < 2 else [])
        said = json.dumps(whole) + "".join(inside(page["next"]) for page in whole)
        assert not [case for case in hidden if case.id in said or case.reference in said], asked
        assert {one["id"] for page in whole for one in page["items"]} <= visible
    assert {one["id"] for page in pages(client, {}, 3) for one in page["items"]} == visible
    assert {one["id"] for page in pages(client, {"known_at": TOMORROW}, 3) for one in page["items"]} == visible


@pytest.mark.parametrize("viewer", [viewer for viewer in VIEWERS if viewer not in REFUSED[Of.MESSAGES]])
def test_the_list_of_messages_holds_those_known_of_and_says_of_few_where_a_protected_youth_belongs(
    world: World, viewer: str
) -> None:
    about = {message: about for about, message in world.messages.items()}
    rows_of = {about[one["id"]]: one["konfliktrad"] for one in world.as_(viewer).get("/v1/decisions").json()["items"]}
    assert set(rows_of) == {about for about, known in MESSAGES.items() if viewer in known}
    for kind, office in rows_of.items():
        told_where = kind == "sent" or viewer in ("leader", "prosecution")
        assert office == ("oslo" if told_where and kind != "parked" else None), kind


@pytest.mark.parametrize("viewer", [viewer for viewer in VIEWERS if viewer not in NO_CASES])
@pytest.mark.parametrize("when", [{}, {"known_at": TOMORROW}])
def test_a_list_says_where_a_protected_youth_belongs_to_few(world: World, viewer: str, when: dict[str, str]) -> None:
    client = world.as_(viewer)
    by_id = {case.id: kind for kind, case in world.cases.items()}
    placed = {case.id for kind, case in world.cases.items() if viewer in KINDS[kind].sees & KINDS[kind].placed}
    for one in client.get("/v1/cases", limit=200, **when).json()["items"]:
        here = "troms" if by_id[one["id"]].startswith("moved") else "oslo"
        assert one["konfliktrad"] == (here if one["id"] in placed else None), by_id[one["id"]]
        assert one["id"] in placed or one["coordinator"] is None, by_id[one["id"]]
    for office in ("oslo", "troms"):
        answer = client.get("/v1/cases", limit=200, konfliktrad=office, **when)
        if works_elsewhere(viewer, office):
            assert_problem(answer, 403, "other_office")
        else:
            assert {one["id"] for one in answer.json()["items"]} <= placed
    mine = client.get("/v1/cases", limit=200, coordinator="coordinator-oslo", **when).json()["items"]
    assert {one["id"] for one in mine} <= placed


@pytest.mark.parametrize("viewer", [viewer for viewer in VIEWERS if viewer not in REFUSED[Of.COUNTS]])
def test_a_trial_of_rules_names_what_may_be_seen_and_says_of_few_where_a_protected_youth_belongs(
    world: World, viewer: str
) -> None:
    said = world.as_(viewer).post("/v1/deadline-rules/simulate", TRIAL).json()
    eyes = "secretariat" if viewer == "admin" else viewer
    sees = {kind: case for kind, case in world.cases.items() if eyes in KINDS[kind].sees}
    coming = {kind for kind in sees if eyes == "their_leader" and kind.startswith("leaving")}  # not counted there yet
    visible = {case.id: kind for kind, case in sees.items() if kind not in coming}
    placed = {case for case, kind in visible.items() if eyes in KINDS[kind].placed}
    hidden = [case for case in world.cases.values() if viewer == "admin" or case.id not in visible]
    assert said["cases"]["looked_at"] == len(visible)
    assert [case for case in hidden if case.id in str(said) or case.reference in str(said)] == []
    assert {one["case"] for one in said["items"]} == (set() if viewer == "admin" else set(visible))
    assert {one["case"] for one in said["items"] if one["konfliktrad"]} == (set() if viewer == "admin" else placed)
    loads = {load["konfliktrad"]: load["cases"] for load in said["konfliktrad"]}
    assert sum(loads.values()) == len(visible)
    assert loads.get(None, 0) == len(visible) - len(placed)


# --- everything that anybody is told ------------------------------------------------------------------------


@by_the_case
def test_nothing_of_what_may_not_be_learnt_stands_in_any_answer(
    world: World, heard: Heard, figure: Callable[[str], None]
) -> None:
    searched = 0
    for viewer in VIEWERS:
        lists = "".join(_lists(world, viewer))
        for kind, case in world.cases.items():
            own = [a.text + str(a.headers) for (who, *_, about), a in heard.items() if (who, about) == (viewer, kind)]
            whole = "".join(own) + lists
            searched += len(own) + len(_LISTS)
            assert [word for word in _kept_from(kind, case, viewer) if word in whole] == [], (viewer, kind)
            assert [word for word in _shown_to(kind, case, viewer) if word not in whole] == [], (viewer, kind)
    assert searched > 1_000
    figure(f"T16 {_database(world)}: {searched} answers searched for what is hidden, 0 with it")


_LISTS = (
    "/v1/cases",
    f"/v1/cases?known_at={TOMORROW}",
    "/v1/decisions",
    "/v1/esas/messages",
    "/v1/delays",
    "/v1/calendar-feeds",
)


def _lists(world: World, viewer: str) -> Iterator[str]:
    return (put(world.as_(viewer), "GET", path, Ask(), "").text for path in _LISTS)


def _nameless(kind: str) -> set[str]:
    """Who sees it and is told no name: the team, and whoever is to receive a strictly confidential youth."""
    return {*TEAM, "their_leader"} if kind == "leaving_strict" else {*TEAM}


def _kept_from(kind: str, case: Secrets, viewer: str) -> list[str]:
    """What must not be said of this case to this viewer, wherever."""
    sees, own = viewer in KINDS[kind].sees, kind.startswith("sent") and viewer == "prosecution"
    if own:
        return []  # what it sent itself
    reached = viewer in KINDS[kind].reaches
    return [
        *([] if sees else [case.reference, case.number]),
        *([] if sees and viewer not in _nameless(kind) else [case.name]),
        *([] if reached else [*case.contacts]),
    ]


def _shown_to(kind: str, case: Secrets, viewer: str) -> list[str]:
    """What those who work with the case are told of it."""
    kept = KINDS[kind]
    return [
        *([case.reference] if viewer in kept.sees else []),
        *([case.name] if viewer in kept.sees - _nameless(kind) else []),
        *(case.contacts if viewer in kept.reaches else []),
    ]


@pytest.mark.parametrize("viewer", VIEWERS)
def test_where_a_protected_youth_lives_is_told_to_nobody_else(world: World, viewer: str) -> None:
    assert world.cases.keys() == KINDS.keys()
    for kind, case in world.cases.items():
        answer = world.as_(viewer).get(f"/v1/cases/{case.id}")
        if viewer in KINDS[kind].reaches:
            assert answer.json()["person"]["reach"]["municipality"] in (sights.MUNICIPALITY, None)
        else:
            assert sights.MUNICIPALITY not in without_identifiers(str(answer.json().get("person")))


def test_the_team_of_a_protected_youth_is_not_told_the_office_or_who_recorded_what(world: World) -> None:
    member = world.as_("on_team")
    for kind, office in (("open", "oslo"), ("confidential", None), ("strict", None), ("moved_strict", None)):
        case = world.cases[kind].id
        shown = member.get(f"/v1/cases/{case}").json()
        assert (shown["konfliktrad"], shown["person"]) == (office, None)
        assert bool(shown["coordinator"]) is bool(shown["team"]) is (office is not None)
        history = member.get(f"/v1/cases/{case}/events").json()["items"]
        assert all((event["subject"] is None) is (office is None) for event in history)
        told = {name for event in history for name in event["details"]}
        assert told == ({"member", "agency"} if office else set())
        assert ("oslo" in json.dumps([shown, history])) is (office is not None)
