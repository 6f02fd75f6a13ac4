"""No secret in a tracked file, and what `make audit` makes of the answers of the services it asks.

The scan here is for the shapes of real secrets, over every file, in seconds; `make audit` scans for anything that looks
like one as well. Both know the same exceptions, `tools/known_secrets.json`: file, hashes, and why they are none.
"""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
UNREACHED = "x: no advisory service was reached, so nothing is known of its packages."


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tools_audit", ROOT / "tools" / "audit.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def known() -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((ROOT / "tools" / "known_secrets.json").read_text(encoding="utf-8"))
    return answer


def test_no_tracked_file_holds_a_secret_that_is_not_known(audit: ModuleType, figure: Callable[[str], None]) -> None:
    names, report = audit.tracked(), audit.Report()
    audit.judge_secrets(report, audit.shaped_secrets(names), known())
    assert len(names) > 500
    assert not report.found, report.lines
    figure(f"{len(names)} tracked files, {len(audit.SHAPES)} shapes of secrets, 0 that are not known")


def test_each_shape_of_a_secret_is_seen(audit: ModuleType) -> None:
    made_up = {
        "private key": "-----BEGIN EC PRIVATE " + "KEY-----\n" + "M" * 64,
        "32 bytes in base64": "KEY = '" + "k" * 43 + "='",
        "token of AWS": "AKIA" + "A" * 16,
        "token of GitHub": "ghp_" + "a" * 36,
        "token of GitLab": "glpat-" + "a" * 20,
        "token of npm or PyPI": "npm_" + "a" * 36,
        "token of Slack": "xoxb-" + "1" * 24,
        "signed token": ".".join(("eyJ" + "a" * 20, "eyJ" + "b" * 20, "c" * 43)),
        "signing secret of a webhook": "whsec_" + "a" * 32,
        "password in an address": "postgresql://u:" + "hunter22@db/x",
    }
    seen = {name for name, text in made_up.items() if name in {shape for shape, *_ in audit.secrets_in(text)}}
    assert seen == set(audit.SHAPES)


def test_every_exception_has_its_reason_and_its_file() -> None:
    exceptions = known()
    assert exceptions
    assert [name for name, entry in exceptions.items() if len(entry["reason"]) < 10 or not entry["hashes"]] == []
    assert [name for name in exceptions if not (ROOT / name).is_file()] == []


# --- make audit ---------------------------------------------------------------------------------------------


HOLE = {"id": "PYSEC-1", "fix_versions": ["2.0"]}
SKIPPED = {"name": "uv", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("answer", "line", "found"),
    [
        (None, UNREACHED, False),
        ({"dependencies": [SKIPPED]}, UNREACHED, False),
        ({"dependencies": [{"name": "a", "version": "1", "vulns": []}, SKIPPED]},
         "x: 1 packages compared with the advisories; of 1 others the service knows nothing.", False),
        ({"dependencies": [{"name": "a", "version": "1", "vulns": [HOLE]}]}, "x: a 1 has PYSEC-1, fixed in 2.0", True),
    ],
)  # fmt: skip
def test_an_advisory_service_that_is_not_reached_is_not_said_to_be_clean(
    audit: ModuleType, answer: Any, line: str, found: bool
) -> None:
    report = audit.Report()
    audit.judge_python(report, "x", answer)
    assert (report.lines[0], report.found) == (line, found)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (None, False),
        ({"message": "405 Method Not Allowed"}, False),
        ({"auditReportVersion": 2, "vulnerabilities": {}, "metadata": {"dependencies": {"total": 7}}}, False),
        ({"auditReportVersion": 2, "vulnerabilities": {"a": {"range": "<2", "severity": "high"}},
          "metadata": {"dependencies": {"total": 7}}}, True),
    ],
)  # fmt: skip
def test_the_packages_of_node_are_judged_in_the_same_way(audit: ModuleType, answer: Any, found: bool) -> None:
    report = audit.Report()
    audit.judge_node(report, "x", answer)
    assert report.found is found
    assert ("no advisory service was reached" in report.lines[0]) is (answer is None or "message" in answer)


def test_a_secret_that_is_new_or_without_a_reason_ends_the_audit_with_a_finding(audit: ModuleType) -> None:
    results = {"a.py": [{"hashed_secret": "1", "line_number": 3, "type": "Secret Keyword"}]}
    kept = audit.accepted(results, {})
    for exceptions, found in (({}, True), (kept, True), ({"a.py": {"reason": "made up", "hashes": ["1"]}}, False)):
        report = audit.Report()
        audit.judge_secrets(report, results, exceptions)
        assert report.found is found
    assert audit.accepted(results, {"a.py": {"reason": "made up", "hashes": []}})["a.py"]["reason"] == "made up"
