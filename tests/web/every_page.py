"""Every page of the site, as somebody sees it: what is looked at by axe, weighed and drawn."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from tests.api.build import DAY, case_at, opened, recorded
from tests.service import Service
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role


class Reader(StrEnum):
    """Who looks at a page; also the subject of whoever signs in."""

    NOBODY = "nobody"
    COORDINATOR = "coordinator-oslo"
    LEADER = "leader-oslo"
    SECRETARIAT = "secretariat-1"
    MEMBER = "teacher-7"
    ADMIN = "admin-1"
    AUDITOR = "auditor-1"


@dataclass(frozen=True)
class Seen:
    """A page: its address, with the names of `furnished` in it, who looks at it, and the status it has."""

    address: str
    reader: Reader = Reader.COORDINATOR
    status: int = 200


NOWHERE = "018f0000-0000-7000-8000-000000000000"
PAGES = {
    "home": Seen("/", Reader.NOBODY),
    "sign in": Seen("/sign-in", Reader.NOBODY),
    "a survey": Seen("/survey/{survey}", Reader.NOBODY),
    "today": Seen("/today"),
    "an empty list": Seen("/today?kind=judge_breach"),
    "today of a leader": Seen("/today", Reader.LEADER),
    "today of the secretariat": Seen("/today", Reader.SECRETARIAT),
    "a late case": Seen("/cases/{late}"),
    "a case in execution": Seen("/cases/{executing}"),
    "a form": Seen("/cases/{executing}/record/plan_approved"),
    "a closed step": Seen("/cases/{new}/record/completed"),
    "a correction": Seen("/cases/{executing}/correct/8"),
    "a forgotten event": Seen("/cases/{executing}/insert"),
    "its form": Seen("/cases/{executing}/insert/first_contact"),
    "a case as it was": Seen("/cases/{executing}?known_at=2026-02-01"),
    "the office": Seen("/office"),
    "indicators": Seen("/office/indicators"),
    "curves": Seen("/office/curves?since=2025-01-01"),
    "cohorts": Seen("/office/cohorts"),
    "what a number is made of": Seen("/office/explanation?since=2025-01-01"),
    "relapse": Seen("/office/relapse", Reader.SECRETARIAT),
    "offices side by side": Seen("/office/comparison", Reader.SECRETARIAT),
    "the country": Seen("/country?since=2025-01-01"),
    "nothing released": Seen("/country/released", status=422),
    "another deadline": Seen("/rules/simulation?code=plan_meeting&length=30"),
    "rules": Seen("/rules"),
    "staff": Seen("/administration/staff"),
    "contacts": Seen("/administration/contacts", Reader.LEADER),
    "contacts of an office": Seen("/administration/contacts/oslo", Reader.LEADER),
    "webhooks": Seen("/administration/webhooks", Reader.LEADER),
    "a webhook": Seen("/administration/webhooks/{webhook}", Reader.LEADER),
    "webhooks of everybody": Seen("/administration/webhooks", Reader.ADMIN),
    "jobs": Seen("/administration/jobs", Reader.ADMIN),
    "nights": Seen("/administration/nights", Reader.ADMIN),
    "the access log": Seen("/administration/access-log", Reader.AUDITOR),
    "the chains": Seen("/administration/audit", Reader.AUDITOR),
    "search": Seen("/search"),
    "reassignment": Seen("/reassign"),
    "delays": Seen("/delays"),
    "an alert": Seen("/delays/{alert}"),
    "whom cases waited for": Seen("/delays/causes"),
    "cases of a team": Seen("/my-cases", Reader.MEMBER),
    "a case of a team": Seen("/cases/{executing}", Reader.MEMBER),
    "not found": Seen(f"/cases/{NOWHERE}", status=404),
}
"""What is looked at. A page that is missing here is named by `test_every_page.py`."""
SANDBOX = {
    "the sandbox": Seen("/sandbox", Reader.NOBODY),
    "exercises": Seen("/sandbox/exercises", Reader.NOBODY),
    "a step of an exercise": Seen("/sandbox/exercises/{exercise}/2", Reader.NOBODY),
}
"""The pages that only a sandbox has."""
NO_PAGE = {
    "/administration": "leads to the first table that the role may see",
    "/administration/jobs/progress": "a stream for the page of the jobs",
    "/sign-in/start": "leads to the issuer",
    "/sign-in/return": "the way back from it",
    "/static/pages/{name}": "a file",
    "/office/indicators/download": "CSV",
    "/office/curves/download": "CSV",
    "/office/comparison/download": "CSV",
    "/office/cohorts/download": "CSV",
    "/office/explanation/download": "CSV",
    "/office/relapse/download": "CSV",
    "/country/download": "CSV",
    "/country/released/download": "CSV",
}
"""Addresses that a browser asks for and that draw no page, with what they are."""


def furnished(service: Service) -> dict[str, str]:
    """Cases, a contact and a webhook to look at, by what each is called in `PAGES`."""
    service.employ(Viewer(Role.SECRETARIAT, str(Reader.SECRETARIAT), None))
    client, leader = service.as_("coordinator", "oslo"), service.as_("leader", "oslo")
    named = {
        "late": case_at(client, "preparing", "2026-01-05"),
        "executing": case_at(client, "executing", "2026-01-05"),
        "new": opened(client),
    }
    recorded(client, named["executing"], "team_member_joined", DAY, {"member": Reader.MEMBER, "agency": "school"})
    contact = {"agency": "police", "name": "Vakta", "email": "vakta@example.no"}
    headers = {"Authorization": f"Bearer {leader.token}"}
    written = service.send("PUT", "/v1/coordination-groups/oslo", json={"contacts": [contact]}, headers=headers)
    assert written.status_code == 200, written.text
    hook = leader.post("/v1/webhooks", {"url": "https://system.example/in", "kinds": ["alert.raised"]})
    named["webhook"] = hook.json()["id"]
    return named


def named_later(service: Service, named: dict[str, str]) -> dict[str, str]:
    """What is there after a night as well: an alert, and an invitation to a survey, which is open for some weeks."""
    client = service.as_("coordinator", "oslo")
    [alert] = client.get("/v1/alerts", case=named["late"], limit=1).json()["items"]
    begun = case_at(client, "executing", str(oslo_date(service.clock()) - timedelta(days=7)))
    surveys = f"/v1/cases/{begun}/surveys"
    [due, *_] = client.get(surveys).json()["items"]
    invited = client.post(surveys, {"kind": due["kind"], "respondent": due["respondent"]}).json()
    return named | {"alert": alert["id"], "survey": invited["token"]}
