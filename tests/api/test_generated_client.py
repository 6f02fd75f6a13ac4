"""T30: a client that an independent generator makes of the OpenAPI document walks a case through the service."""

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.process import environment, serving
from tests.service import sqlite_copy
from ungdom import clock
from ungdom.api.http.tokens import Issuer
from ungdom.generated import openapi_text
from ungdom.settings import from_environment
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

BIN = Path(sys.prefix) / "clients" / "bin"
NAME = "made_from_document"
NOT_READ = {"application/x-ndjson": 1, "application/jose": 1, "application/zip": 2}
"""Media types that the generator does not know, each with the number of operations: batches, signed official messages,
and the files of a person and of a closed case."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder that the client lies in, and what the generator said."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "v1.json").write_text(openapi_text(), encoding="utf-8")
    command = [str(BIN / "openapi-python-client"), "generate", "--path", "v1.json", "--output-path", NAME]
    path = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [*command, "--meta", "none"], cwd=folder, capture_output=True, text=True, check=True, env=os.environ | path
    )
    return folder, done.stdout + done.stderr


@pytest.fixture(scope="module")
def client(written: tuple[Path, str]) -> Iterator[ModuleType]:
    sys.path.insert(0, str(written[0]))
    yield importlib.import_module(NAME)
    sys.path.remove(str(written[0]))


def test_the_generator_reads_all_of_the_document_but_three_media_types(written: tuple[Path, str]) -> None:
    said = written[1]

    assert set(re.findall(r"Unsupported content[ _]type ([\w/+.-]+)", said)) == set(NOT_READ)
    assert len(re.findall(r"^WARNING", said, flags=re.M)) == sum(NOT_READ.values())
    assert "ERROR" not in said.upper().replace("ERRORS.PY", "")
    assert "schema" not in re.sub(r'"schema"|\.schema\.', "", said).lower()


def test_each_operation_but_the_batch_is_a_function(written: tuple[Path, str]) -> None:
    functions = {path.stem for path in (written[0] / NAME / "api").rglob("*.py")} - {"__init__"}
    operations = set(re.findall(r'"operationId": "(\w+)"', openapi_text()))

    assert operations - functions == {"push_decisions"}


class Walk:
    """A case told with the generated client alone."""

    def __init__(self, package: ModuleType, base: str, token: str) -> None:
        self.models = importlib.import_module(f"{package.__name__}.models")
        self.client = package.AuthenticatedClient(base_url=base, token=token)
        self.case: Any = None

    def call(self, operation: str, tag: str, *args: Any, **given: Any) -> Any:
        answer = importlib.import_module(f"{NAME}.api.{tag}.{operation}").sync_detailed(
            *args, client=self.client, **given
        )
        assert answer.status_code in (200, 201), answer.content
        return answer

    def open(self, day: str) -> None:
        m = self.models
        person = m.PersonIn(
            given_name="Vimsete", family_name="Vaffelpresse", born=date(2008, 9, 1),
            guardians=[m.GuardianIn(name="Sindig Vaffelpresse")],
        )  # fmt: skip
        offence = m.OffenceIn(on=date(2025, 1, 31))
        body = m.NewCaseIn(
            sanction=m.Sanction("youth_follow_up"), occurred_on=date.fromisoformat(day), konfliktrad="oslo",
            person=person, offences=[offence],
        )  # fmt: skip
        self.case = self.call("open_case", "cases", body=body).parsed.id

    def record(self, day: str, event: str, **details: Any) -> Any:
        m = self.models
        shown = self.call("get_case", "cases", self.case)
        about = {"occurred_on": date.fromisoformat(day), "type_": re.sub(r"(?<!^)(?=[A-Z])", "_", event).lower()}
        shape = {"details": getattr(m, details.pop("shape"))(**details)} if details else {}
        body = getattr(m, f"{event}In")(**about, **shape)
        given = {"body": body, "if_match": shown.headers["ETag"]}
        return self.call("record_event", "events", self.case, **given).parsed


@pytest.fixture
def walk(client: ModuleType, sqlite_template: Path, tmp_path: Path) -> Iterator[Walk]:
    url = sqlite_copy(sqlite_template, tmp_path)
    who = Viewer(Role.COORDINATOR, "coordinator-oslo", "oslo")
    with serving(url, tmp_path) as (base, _):
        issuer = Issuer(from_environment(environment(url, tmp_path)))
        walk = Walk(client, base, issuer.issue(who, clock.now(), timedelta(hours=1)))
        with walk.client:
            yield walk


def test_the_generated_client_walks_a_case_from_opening_to_completion(walk: Walk) -> None:
    m = walk.models
    walk.open("2025-02-03")
    walk.record("2025-02-04", "SuspectSet")
    walk.record("2025-02-20", "ConsentGiven", shape="ConsentGiven", by=m.By("youth"))
    walk.record("2025-02-20", "ConsentGiven", shape="ConsentGiven", by=m.By("guardian"))
    walk.record("2025-02-24", "InvestigationClosed")
    terms = {"length": m.Length(days=120), "guilt_proven": True}
    walk.record("2025-03-03", "TransferredToFollowUp", shape="TransferredToFollowUp", **terms)
    walk.record("2025-03-06", "Received")
    walk.record("2025-03-07", "Assigned", shape="Assigned", coordinator="coordinator-oslo")
    present = [m.Attendee("youth"), m.Attendee("guardian")]
    walk.record("2025-04-10", "PlanMeetingHeld", shape="PlanMeetingHeld", present=present)
    done = walk.record("2025-08-08", "Completed")
    history = walk.call("list_events", "events", walk.case).parsed.items
    shown = walk.call("get_case", "cases", walk.case).parsed

    assert (done.after.state, shown.state) == ("completed", "completed")
    assert [one.type_ for one in history][-1] == "completed"
    assert len(history) == shown.version == 10
    assert shown.lead_time_days.p3 == (date(2025, 4, 10) - date(2025, 1, 31)).days
