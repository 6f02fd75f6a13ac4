"""Who is who: pairs of people on every road in, and what the office and the sender are told of a doubt.

T31: `tests/data/persons/pairs.csv` says by hand of each pair whether they are one person, two, or a question.
"""

import csv
import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.api.build import rows
from tests.esas import official
from tests.intake.build import CHAIN, FOLLOW_UP, File, coordinator, opening, person, receipt, system
from tests.intake.test_order import record
from tests.samples import sampled
from tests.service import Client, Service
from ungdom.intake.apply import NEVER_MET
from ungdom.message.national_id import Series, check_national_id
from ungdom.store import rebuild
from ungdom.workflow import engine
from ungdom.workflow.vocabulary import Actor

Json = dict[str, Any]
FILE = Path(__file__).parents[1] / "data" / "persons" / "pairs.csv"
SAME, QUESTION, DIFFERENT = "same", "question", "different"
NUMBERS, IDS = count(77_000_000), count(1)


@dataclass(frozen=True)
class Pair:
    """Two people as given one after the other, and whether they are one. `number`: of the second's police case."""

    verdict: str
    first: Json
    second: Json
    shares_number: bool
    what: str


def pairs() -> list[Pair]:
    """The pairs of the file, a person each as a client writes it."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return [_pair(row) for row in csv.DictReader(file)]


def _pair(row: dict[str, str]) -> Pair:
    names = (("given_name", "given"), ("family_name", "family"), ("born", "born"), ("national_id", "number"))
    first, second = ({name: row[f"{column}_{n}"] for name, column in names if row[f"{column}_{n}"]} for n in (1, 2))
    return Pair(row["verdict"], first, second, row["case_number"] == "same", row["what"])


def test_the_pairs_are_enough_and_of_invented_people() -> None:
    listed = pairs()
    assert len(listed) >= 200
    assert min(Counter(pair.verdict for pair in listed).values()) >= 50
    given = [who["national_id"] for pair in listed for who in (pair.first, pair.second) if "national_id" in who]
    assert {check_national_id(number).series for number in given} == {Series.TENOR}


# --- the roads in -------------------------------------------------------------------------------------------

Opened = tuple[str | None, str | None]
"""The case and the person that somebody was taken for; both None where the message is parked with the question."""


class Road(ABC):
    """How a person comes in: given to the service, and asked what became of them."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.leader = service.as_("leader", "oslo")

    @abstractmethod
    def bring(self, who: Json, number: str) -> Opened:
        """Brings somebody in on this police case number."""

    def verdict(self, pair: Pair) -> tuple[str, Opened, Opened]:
        """What became of the second of a pair, after the first: matched, a question or, before it is asked, neither."""
        first_number = str(next(NUMBERS))
        first = self.bring(pair.first, first_number)
        second = self.bring(pair.second, first_number if pair.shares_number else str(next(NUMBERS)))
        parked = second == (None, None)
        return (QUESTION if parked else SAME if first[1] == second[1] else DIFFERENT), first, second

    def person_of(self, case: str) -> str:
        return str(self.leader.get(f"/v1/cases/{case}").json()["person"]["id"])


class ByHand(Road):
    """`POST /v1/cases` by the leader of the office."""

    def bring(self, who: Json, number: str) -> Opened:
        body = {
            "sanction": "youth_follow_up", "occurred_on": "2025-01-18", "konfliktrad": "oslo",
            "offences": [{"on": "2024-11-10"}], "police_case_numbers": [number], "person": {"guardians": [], **who},
        }  # fmt: skip
        done = self.leader.post("/v1/cases", body)
        assert done.status_code == 201, done.text
        return done.json()["id"], done.json()["person"]["id"]


class Pushed(Road):
    """`POST /v1/decisions` by a system."""

    def bring(self, who: Json, number: str) -> Opened:
        offences = [{"on": "2024-11-10", "group": "violence"}]
        file = File(self.service, person=dict(who), number=number, opening=opening(offences=offences))
        done = file.send(*CHAIN[0], decision_id=f"pair-{next(IDS)}")
        if done["reason"] is not None:
            assert (done["outcome"], done["reason"]["code"]) == ("parked", "person_contradicts"), done
            assert done["contradictions"]
            return None, None
        return done["case"]["id"], self.person_of(done["case"]["id"])


class Official(Road):
    """`POST /v1/esas/messages` with an `overfoereSak`."""

    def bring(self, who: Json, number: str) -> Opened:
        sender = system(self.service)
        body = official.overfoere_sak(number=number)
        body["forsendelse"]["meldingsId"] = f"pair-{next(IDS)}"
        youth = body["siktet"]["person"]
        youth["navn"] = {"etternavn": who["family_name"], "fornavn": who.get("given_name", "")}
        youth["foedselsdato"] = who["born"]
        youth["identitetsnummer"] = {"foedselsnummer": who.get("national_id", "")}
        done = sender.post("/v1/esas/messages", body)
        assert done.status_code in (200, 201, 202), done.text
        newest = sender.get("/v1/decisions", limit=1).json()["items"][0]
        if newest["case_id"] is None:
            assert newest["reason"]["code"] == "person_contradicts", newest
            return None, None
        return newest["case_id"], self.person_of(newest["case_id"])


def asked(service: Service) -> set[tuple[str, str]]:
    """The questions of identity that are open: the case that was opened, and the person it may be about."""
    secretariat, found, cursor = service.as_("secretariat"), set[tuple[str, str]](), None
    for _ in range(50):
        page = secretariat.get("/v1/persons/questions", status="open", limit=50, cursor=cursor).json()
        found |= {(one["case_id"], one["known"]["id"]) for one in page["items"]}
        cursor = page["next"]
        if cursor is None:
            break
    return found


@pytest.mark.parametrize("road", [ByHand, Pushed, Official])
def test_no_two_people_are_matched_and_nobody_is_stored_twice_in_silence(
    served: Service, road: type[Road], figure: Callable[[str], None]
) -> None:
    by_road = road(served)
    needed = {"family_name"} if road is Official else set()
    listed = sampled(pairs(), 1 if served.is_on_sqlite else 5)
    taken = [pair for pair in listed if all(needed <= set(who) for who in (pair.first, pair.second))]
    brought = [(pair, *by_road.verdict(pair)) for pair in taken]
    questions = asked(served)
    found = [
        (pair, QUESTION if verdict == DIFFERENT and (second[0], first[1]) in questions else verdict)
        for pair, verdict, first, second in brought
    ]

    assert [pair.what for pair, _, first, _ in brought if first == (None, None)] == []
    matched = [pair.what for pair, verdict in found if verdict == SAME and pair.verdict != SAME]
    twice = [pair.what for pair, verdict in found if verdict == DIFFERENT and pair.verdict != DIFFERENT]
    other = [(pair.what, verdict) for pair, verdict in found if verdict != pair.verdict]
    figure(
        f"T31 {road.__name__} {served.db.writer.dialect.name}: {len(found)} pairs, {len(matched)} silent matches of "
        f"two people, {len(twice)} silent second records, {len(other)} otherwise than by hand"
    )
    assert len(found) >= (200 if served.is_on_sqlite else 40)
    assert (matched, twice, other) == ([], [], [])
    assert rebuild.check(served.db) == []


def test_the_other_office_is_told_nothing_and_the_secretariat_is_asked(served: Service) -> None:
    """The same pair, opened by an office that may not see the first: a new record each time, and a question."""
    oslo, troms = served.as_("leader", "oslo"), served.as_("leader", "troms")
    said = {"guardians": [], "born": "2008-03-12", "given_name": "Åse", "family_name": "Øvre-Hætta"}
    body: Json = {"sanction": "youth_follow_up", "occurred_on": "2025-01-18", "offences": [{"on": "2024-11-10"}]}
    known = oslo.post("/v1/cases", body | {"konfliktrad": "oslo", "person": said}).json()

    for other in (
        said | {"family_name": "Hætta Oevre"},
        said | {"family_name": "Lille"},
        said | {"born": "2007-05-30"},
    ):
        answer = troms.post("/v1/cases", body | {"konfliktrad": "troms", "person": other})
        assert answer.status_code == 201
        assert answer.json()["person"]["id"] != known["person"]["id"]
        assert set(answer.json()) == set(known)

    shown = troms.get("/v1/persons/questions").json()["items"]
    assert known["person"]["id"] not in {one["known"]["id"] for one in shown}
    questions = served.as_("secretariat").get("/v1/persons/questions").json()["items"]
    about_known = [one for one in questions if one["known"]["id"] == known["person"]["id"]]
    assert sorted(one["resemblance"] for one in about_known) == ["agrees", "contradicts"]


# --- a parked message says why ------------------------------------------------------------------------------


def changed_family_name(service: Service) -> tuple[File, File, Json]:
    """A system tells of somebody, and then, in another case, of the same number with another family name."""
    file = File(service, person=person())
    file.applied(*CHAIN[:2])
    again = File(service, person=file.person | {"family_name": "Vaffelpresse"})
    return file, again, again.send(*CHAIN[0])


def test_a_changed_family_name_is_a_question_and_not_a_second_person(served: Service) -> None:
    _, again, told = changed_family_name(served)

    assert (told["outcome"], told["reason"]["code"], told["case"]) == ("parked", "person_contradicts", None)
    assert [one["part"] for one in told["contradictions"]] == ["family_name"]
    assert told["contradictions"][0]["message"]
    assert again.person["family_name"] not in json.dumps(told)
    shown = coordinator(served).get("/v1/decisions", outcome="parked").json()["items"]
    assert [one["decision_id"] for one in shown] == [told["decision_id"]], "the office is asked"


def test_the_office_has_the_case_opened_and_answers_the_question_of_identity(served: Service) -> None:
    file, again, told = changed_family_name(served)
    path = f"/v1/decisions/{told['id']}/retry"

    opened = receipt(coordinator(served).post(path, {"accept_doubt": True}))

    assert opened["outcome"] == "applied"
    office = served.as_("leader", "oslo")
    [question] = office.get("/v1/persons/questions", status="open").json()["items"]
    assert (question["case_id"], question["resemblance"]) == (opened["case"]["id"], "contradicts")
    first = file.shown("indicted")["case_id"]
    assert question["known"]["id"] == office.get(f"/v1/cases/{first}").json()["person"]["id"]
    done = served.as_("secretariat").post(f"/v1/persons/questions/{question['id']}/confirm", None)
    assert done.status_code == 200, done.text
    people = {office.get(f"/v1/cases/{case}").json()["person"]["id"] for case in (first, opened["case"]["id"])}
    assert len(people) == 1
    assert again.send(*CHAIN[1])["case"]["id"] == opened["case"]["id"]


def test_a_sender_may_not_decide_that_a_doubt_is_accepted(served: Service) -> None:
    _, _, told = changed_family_name(served)
    answer = system(served).post(f"/v1/decisions/{told['id']}/retry", {"accept_doubt": True})
    assert answer.status_code == 403


def test_what_opens_no_case_says_which_condition_is_unmet_and_who_can_fix_it(served: Service) -> None:
    file = File(served, opens_with="became_final")

    told = file.send(*CHAIN[3])

    assert (told["outcome"], told["reason"]["code"]) == ("parked", "too_early")
    [unmet] = [one for one in told["unmet"] if one["code"] == "wrong_state"]
    assert unmet["message"]
    assert "who_can_fix" in unmet


def test_what_can_never_be_applied_is_rejected(served: Service) -> None:
    file = File(served, opening=FOLLOW_UP, opens_with="transferred_to_follow_up")
    consents = [{"by": "youth", "on": "2025-02-11"}, {"by": "guardian", "guardian": "g1", "on": "2025-02-11"}]
    terms = {"length": {"years": 3}, "guilt_proven": True, "notified_on": "2025-02-13", "consents": consents}

    told = file.send("transferred_to_follow_up", "2025-02-12", terms)

    assert (told["outcome"], told["reason"]["code"]) == ("rejected", "never_possible")
    assert [one["code"] for one in told["unmet"]] == ["follow_up_length_within_law"]
    assert told["sender_should"]["code"] == "send_higher_version"
    better = file.send("transferred_to_follow_up", "2025-02-12", terms | {"length": {"months": 6}}, version=2)
    assert better["outcome"] == "applied"


def test_the_conditions_that_nothing_in_the_case_meets_are_conditions_of_the_table() -> None:
    assert {guard.code for row in engine.ROWS for guard in row.guards} >= NEVER_MET - {"acts_lie_in_the_past"}


# --- an official transfer -----------------------------------------------------------------------------------

DECIDED = (
    ("suspect_set", "2025-05-05", {}),
    ("investigation_closed", "2025-06-02", {}),
    ("consent_given", "2025-06-04", {"by": "youth"}),
    ("consent_given", "2025-06-04", {"by": "guardian", "guardian": "g1"}),
    ("transferred_to_follow_up", "2025-06-16", {"length": {"months": 6}, "guilt_proven": True}),
)
"""What the transfer does not hold: what the office records from the decision."""


def brought(service: Service, **changed: Any) -> tuple[Client, Json]:
    """An official transfer of a youth follow-up has arrived; the sender, and the message as it stands."""
    sender = system(service)
    assert sender.post("/v1/esas/messages", official.overfoere_sak(**changed)).status_code in (200, 201, 202)
    return sender, sender.get("/v1/decisions", limit=1).json()["items"][0]


def test_an_official_transfer_opens_its_case_and_is_completed_by_the_decision(served: Service) -> None:
    sender, waiting = brought(served)
    assert (waiting["outcome"], waiting["reason"]["code"]) == ("parked", "too_early")
    office = coordinator(served)
    case = office.get(f"/v1/cases/{waiting['case_id']}").json()
    assert (case["state"], case["person"]["family_name"]) == ("registered", official.FAMILY)
    assert case["person"]["guardians"] == 1
    [question] = office.get("/v1/decisions", outcome="parked").json()["items"]
    assert question["case_id"] == case["id"], "the office is asked for what the transfer does not hold"
    told = sender.get(f"/v1/decisions/{waiting['id']}").json()["tries"][0]["receipt"]
    assert ([one["code"] for one in told["unmet"]], told["remarks"][0]["code"]) == (["wrong_state"], "case_opened")

    record(served, case["id"], *DECIDED)

    now = sender.get(f"/v1/decisions/{waiting['id']}").json()
    assert (now["outcome"], now["case_id"]) == ("applied", case["id"])
    assert office.get(f"/v1/cases/{case['id']}").json()["state"] == "received"
    assert sender.get("/v1/esas/messages").json()["items"][0]["status"] == "MOTTATT"
    assert rebuild.check(served.db) == []


def test_an_official_transfer_completes_a_case_that_is_ready_for_it(served: Service) -> None:
    body = official.youth()
    said = {
        "born": body["foedselsdato"], "family_name": official.FAMILY, "given_name": official.GIVEN,
        "national_id": official.NUMBER, "guardians": [{"name": "Rutete Lyngtue"}],
    }  # fmt: skip
    case = {
        "sanction": "youth_follow_up", "occurred_on": "2025-05-02", "konfliktrad": "oslo", "person": said,
        "offences": [{"on": "2025-05-02"}], "police_case_numbers": [official.CASE_NUMBER],
    }  # fmt: skip
    opened = coordinator(served).post("/v1/cases", case).json()["id"]
    record(served, opened, *DECIDED)

    _, arrived = brought(served)

    assert (arrived["outcome"], arrived["case_id"]) == ("applied", opened)
    assert coordinator(served).get(f"/v1/cases/{opened}").json()["state"] == "received"


def test_an_official_transfer_to_no_known_office_is_for_the_secretariat(served: Service) -> None:
    nowhere = {"organisasjonsnummer": "986074465", "navn": "Konfliktrådet et sted"}

    _, waiting = brought(served, receiver=nowhere)

    assert (waiting["outcome"], waiting["reason"]["code"], waiting["case_id"]) == ("parked", "unknown_place", None)
    assert coordinator(served).get("/v1/decisions", outcome="parked").json()["items"] == []
    seen = served.as_("secretariat").get("/v1/decisions", outcome="parked").json()["items"]
    assert [one["id"] for one in seen] == [waiting["id"]]


# --- a dry run ----------------------------------------------------------------------------------------------


def comparable(told: Json) -> Json:
    """A receipt without what is never the same twice: the instant and the case's reference."""
    return told | {"received_at": "", "case": {} if told["case"] else None}


def test_a_dry_run_gives_the_receipt_and_writes_nothing(served: Service) -> None:
    file = File(served)
    client = system(served)
    for step in CHAIN:
        before = rows(served)
        tried = client.post("/v1/decisions?dry_run=true", file.told(*step))
        assert tried.status_code == 200
        assert rows(served) == before
        assert comparable(tried.json()) == comparable(file.send(*step))
    assert rows(served) != before


def test_a_dry_run_is_refused_like_the_message(served: Service) -> None:
    file = File(served)
    before = rows(served)
    police = system(served, "police", Actor.POLICE)
    tried = police.post("/v1/decisions?dry_run=true", file.told(*CHAIN[1]))
    assert (tried.status_code, tried.json()["reason"]["code"]) == (422, "not_your_authority")
    assert coordinator(served).post("/v1/decisions?dry_run=true", file.told(*CHAIN[0])).status_code == 403
    assert rows(served) == before


def test_a_dry_run_of_a_batch_sees_the_lines_before(served: Service) -> None:
    file = File(served)
    lines = b"".join(json.dumps(file.told(*step)).encode() + b"\n" for step in CHAIN) + b"not json\n"
    client, headers = system(served), {"Content-Type": "application/x-ndjson"}
    before = rows(served)

    tried = client._send("POST", "/v1/decisions/batch?dry_run=true", content=lines, headers=headers)

    told = [json.loads(line) for line in tried.text.splitlines()]
    assert [one["outcome"] for one in told] == ["applied"] * len(CHAIN) + ["rejected"]
    assert told[-1]["line"] == len(CHAIN) + 1
    assert rows(served) == before
    done = client._send("POST", "/v1/decisions/batch", content=lines, headers=headers)
    assert [comparable(json.loads(line)) for line in done.text.splitlines()[:-1]] == list(map(comparable, told[:-1]))
