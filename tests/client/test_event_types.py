"""Events that the client reads are typed by their `type`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import httpx

from ungdom_client import Client, models

ROOT = Path(__file__).parents[2]
DOCUMENT = json.loads((ROOT / "openapi" / "v1.json").read_text("utf-8"))
SNIPPET = """
from ungdom_client import models

def reason(event: models.EventOut) -> None:
    if event["type"] == "postponed":
        reveal_type(event["details"])
        reveal_type(event["details"].get("reason"))
        event["details"].get("reason_misspelt").upper()
    if event["type"] == "corrected":
        replacement = event["details"].get("replacement")
        reveal_type(replacement["type"] if replacement and "type" in replacement else None)
"""


def test_each_event_type_has_a_model_of_its_details() -> None:
    classes = [getattr(models, name.strip()) for name in str(models.EventOut).split("|")]
    typed = {kind: _read(cls, "details") for cls in classes for kind in get_args(_read(cls, "type"))}
    assert sorted(typed) == sorted(DOCUMENT["components"]["schemas"]["EventType"]["enum"])
    assert [kind for kind, details in typed.items() if details == vars(models)["Dict"][str, Any]] == []
    fields = [field.__forward_arg__ for details in typed.values() for field in details.__annotations__.values()]
    assert fields
    assert [field for field in fields if not field.startswith("NotRequired[")] == []


def _read(cls: type, field: str) -> Any:
    return eval(cls.__annotations__[field].__forward_arg__, vars(models))  # noqa: S307 - of the generated module


def test_mypy_narrows_the_details_by_the_type(tmp_path: Path) -> None:
    snippet = tmp_path / "snippet.py"
    snippet.write_text(SNIPPET, "utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(snippet)],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(ROOT / "client" / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    revealed = [line for line in result.stdout.splitlines() if "Revealed type" in line]
    assert "PostponedSeen" in revealed[0], result.stdout
    assert "Literal[" in revealed[1], result.stdout
    assert "CorrectionReason" not in revealed[2]
    assert "Literal[" in revealed[2], result.stdout
    assert "snippet.py:8: error" in result.stdout


def test_an_event_of_a_type_unknown_to_the_client_is_read_as_it_was_sent() -> None:
    sent = {"items": [{"seq": 1, "type": "of_a_later_version", "details": {"later": [1]}}]}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=sent))
    with Client("https://a.test", "t", transport=transport) as ungdom:
        assert ungdom.events.list("c") == sent
