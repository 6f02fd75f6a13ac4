"""Alert rules for Prometheus: each says what to do, is written about, and asks for metrics that the service has."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ungdom.observability.metric_table import METRICS, MetricKind

ROOT = Path(__file__).parents[1]
FILE = ROOT / "deploy" / "prometheus" / "ungdom.rules.yaml"
PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
[GROUP] = yaml.safe_load(FILE.read_text("utf-8"))["groups"]
RULES: list[dict[str, Any]] = GROUP["rules"]
SERIES = {
    f"{name}{ending}"
    for name, info in METRICS.items()
    for ending in (("_bucket", "_sum", "_count") if info.kind is MetricKind.HISTOGRAM else ("",))
}
"""The names under which the metrics are stored."""


def section_of(rule: dict[str, Any]) -> str:
    """The section of the page that the rule names."""
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert (page, anchor) == ("docs/operations.md", rule["alert"].lower())
    [text] = re.findall(rf"^### `{rule['alert']}`\n(.*?)(?=^##)", PAGE, re.M | re.S)
    return str(text)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_says_what_to_do_and_asks_for_metrics_that_there_are(rule: dict[str, Any]) -> None:
    assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
    assert set(rule["annotations"]) == {"summary", "description", "runbook"}
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert re.fullmatch(r"\d+m", rule["for"])
    assert len(rule["annotations"]["description"]) > 30
    named = set(re.findall(r"\bungdom_\w+", rule["expr"]))
    assert named
    assert named <= SERIES
    assert "**What to do.**" in section_of(rule)
    assert rule["annotations"]["summary"] in section_of(rule)


def test_the_rules_of_the_page_are_those_of_the_file() -> None:
    """Those of the replica are written about in their own chapter."""
    table = PAGE.partition("| rule | why |")[2].partition("\n\n")[0]
    listed = set(re.findall(r"^\| `(.+?)` \|", table, re.M))
    assert len(listed) >= 8
    assert listed <= {rule["expr"] for rule in RULES}
    assert len({rule["alert"] for rule in RULES}) == len(RULES) == PAGE.count("### `Ungdom")
