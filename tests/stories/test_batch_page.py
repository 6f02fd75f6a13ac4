"""`docs/batch.md`: its commands are typed with the examples of `docs/decisions-in.md`; its words and sizes hold."""

import json
import os
import re
import shlex
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tests import fork, process, service
from tests.service import Service
from tests.stories import test_decisions_in as single
from ungdom.intake import stream
from ungdom.intake.models import Reason
from ungdom.store.schema.inbox import decision
from ungdom.workflow.vocabulary import Role

TEXT = (Path(__file__).parents[2] / "docs" / "batch.md").read_text(encoding="utf-8")
COMMANDS = [
    " ".join(found.split("\\\n")) for found in re.findall(r"^```sh\n(.*?)\n```$", TEXT, re.MULTILINE | re.DOTALL)
]
OUTCOMES = ["applied"] * 9 + ["parked", "applied", "applied"]
"""Of the examples up to the decision on appeal; finality that is told while it runs waits."""


def examples() -> list[dict[str, Any]]:
    """The first messages of the page on single decisions, as they stand there."""
    found = [json.loads(one.group["message"]) for one in single.told() if one.match.re is single.EXAMPLE]
    return found[: len(OUTCOMES)]


def kept_under(service: Service) -> str:
    """The source of what came over HTTP: a message is known by it, whichever way it comes."""
    with service.db.reading() as tx:
        [found] = set(tx.scalars(select(decision.c.source)))
    return str(found)


def typed(command: str) -> list[str]:
    return shlex.split(command)


def test_the_commands_of_the_page_take_the_examples_and_give_the_same_receipts(one: Service, tmp_path: Path) -> None:
    one.clock.turn_to(date(2025, 6, 30))
    body = "".join(json.dumps(message, ensure_ascii=False) + "\n" for message in examples()).encode()
    (tmp_path / "decisions.ndjson").write_bytes(body)
    curl, imported = map(typed, COMMANDS)
    headers = dict(curl[at + 1].split(": ", 1) for at, word in enumerate(curl) if word == "-H")
    headers["Authorization"] = f"Bearer {one.token(Role.PROSECUTION, 'oslo')}"
    path = next(word for word in curl if word.startswith("$BASE")).removeprefix("$BASE")

    answer = one.send(curl[curl.index("-X") + 1], path, content=body, headers=headers)

    assert [json.loads(line)["outcome"] for line in answer.content.splitlines()] == OUTCOMES
    environment = process.environment(one.settings.database_url, tmp_path) | {"UNGDOM_PEOPLE_KEYS": service.KEY}
    words = [str(process.UNGDOM), *imported[1:]]
    words[words.index("--source") + 1] = kept_under(one)
    done = fork.run(words, cwd=tmp_path, env=os.environ | environment, timeout=120)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "receipts.ndjson").read_bytes() == answer.content


def test_every_reason_that_only_a_line_has_is_explained() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \| .* \|$", TEXT, re.MULTILINE))

    assert rows == {*single.ELSEWHERE, Reason.OTHER_CONTENT}


def test_the_sizes_are_those_of_the_program() -> None:
    assert f"longest line | {stream.MAX_LINE_BYTES // 1024} KiB" in TEXT
    assert f"groups of up to {stream.GROUP}" in TEXT
