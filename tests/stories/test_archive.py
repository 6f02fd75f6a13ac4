"""The archive of a closed case: the same bytes by command and by route, verified away from the service."""

import io
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests import pg, service
from tests.api.build import HIDDEN, assert_problem
from tests.service import Service
from tests.stories.test_access_log import ok
from tests.stories.test_forgetting import FAMILY, closed, opened
from tests.stories.test_keys import command, environment
from ungdom.audit import anchors as anchor_files
from ungdom.audit import archive
from ungdom.audit.anchors import Anchor
from ungdom.audit.archive import verify_archive
from ungdom.audit.findings import AuditProblem
from ungdom.audit.links import FIRST, link
from ungdom.settings import BadSettings

FILES = ["events.json", "chain.ndjson", "parties.json", "notes.json", "documents.json", "retention.json"]
SEED = 17


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return service.sqlite_copy(request.getfixturevalue("sqlite_template"), tmp_path)
    return pg.sqlalchemy_url(request.getfixturevalue("pg_database")(service.fill))


def unpacked(content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as files:
        texts = {name: files.read(name).decode() for name in files.namelist()}
    return {name: json.loads(text) for name, text in texts.items() if name.endswith(".json")}


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def rewritten(content: bytes) -> bytes:
    """The archive as somebody would write it who changes the day of an event and knows how it is made."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    manifest = json.loads(files.pop(archive.MANIFEST))
    files.pop(archive.DIGEST)
    for name in (archive.EVENTS, archive.CHAIN):
        files[name] = files[name].replace(b"2026-01-05", b"2026-01-04")
    previous, rows = FIRST, []
    for position, _, text in map(json.loads, files[archive.CHAIN].splitlines()):
        previous = link(previous, manifest["case"], position, text.encode())
        rows.append((manifest["case"], position, previous, text.encode()))
    files[archive.CHAIN] = archive.chain_lines(rows)
    manifest["chain"]["link"] = previous.hex()
    manifest["seal"] = None
    return archive.pack({key: manifest[key] for key in manifest if key not in ("form", "files")}, files)


def test_a_closed_case_is_archived_and_verified_by_its_receiver(url: str, tmp_path: Path) -> None:
    given = environment(url, tmp_path, service.KEY)
    with Service(url, tmp_path) as served:
        leader = served.as_("leader", "oslo")
        case = opened(served)
        ok(served.as_("coordinator", "oslo").record(case["id"], "note_added", "2026-01-05", note="Ringte skolen."), 201)
        where, out = f"/v1/cases/{case['id']}/archive", str(tmp_path / "case.zip")
        assert_problem(leader.get(where), 409, "case_not_closed")
        refused = command(given, "case", "archive", case["reference"], "--out", out)
        assert (refused.exit_code, "is not closed" in refused.output) == (1, True)
        closed(served, case["id"])
        assert unpacked(leader.get(where).content)["manifest.json"]["seal"] is None
        assert command(given, "audit", "seal").exit_code == 0

        content = leader.get(where).content
        assert leader.get(where).content == content
        assert command(given, "case", "archive", case["reference"], "--out", out).output == f"written {out}\n"
        assert Path(out).read_bytes() == content
        assert Path(out).stat().st_mode & 0o777 == 0o600
        there = command(given, "case", "archive", case["id"], "--out", out)
        assert isinstance(there.exception, BadSettings)  # and the file stays as it is
        assert command(given, "case", "archive", HIDDEN, "--out", out).exit_code == 1
        assert not list(tmp_path.glob(".*.part"))
        _says_what_the_case_is(served, case, content)
        _is_for_the_leader_and_logged(served, case["id"])
    _is_verified(given, tmp_path, content)


def _says_what_the_case_is(served: Service, case: dict[str, Any], content: bytes) -> None:
    files = unpacked(content)
    manifest = files[archive.MANIFEST]
    assert [entry["name"] for entry in manifest["files"]] == FILES
    assert files["events.json"] == ok(served.as_("leader", "oslo").get(f"/v1/cases/{case['id']}/events"))
    assert manifest["versions"] == {"table": files["events.json"]["items"][0]["details"]["table"],
                                    "schema": served.db.head()}  # fmt: skip
    assert manifest["chain"]["rows"] == len(files["events.json"]["items"]) == manifest["seal"]["position"]
    assert files["parties.json"]["youth"]["family_name"] == FAMILY
    assert [note["text"] for note in files["notes.json"]] == ["Ringte skolen."]
    (document,) = [entry for entry in files["documents.json"] if entry["kind"] == "note"]
    assert (document["reference"], document["place"]) == (files["notes.json"][0]["note"], "notes.json")
    assert {rule["rule"] for rule in files["retention.json"]} == {"persons", "decision_content"}


def _is_for_the_leader_and_logged(served: Service, case: str) -> None:
    for role, office in (("coordinator", "oslo"), ("secretariat", None), ("admin", None), ("auditor", None)):
        assert_problem(served.as_(role, office).get(f"/v1/cases/{case}/archive"), 403, "forbidden_role")
    assert_problem(served.as_("leader", "troms").get(f"/v1/cases/{case}/archive"), 404, "not_found")
    log = ok(served.as_("auditor").get("/v1/access-log", case=case, limit=200))["items"]
    assert {item["role"] for item in log if item["route"] == "ungdom case archive"} == {"system"}
    by_route = [item["subject"] for item in log if item["route"] == "GET /v1/cases/{case_id}/archive"]
    assert by_route == ["leader-oslo"] * 4  # a refusal, and three files


def _is_verified(given: dict[str, str], folder: Path, content: bytes) -> None:
    exported, _ = anchor_files.read_folder(folder / "anchors")
    assert verify_archive(content, exported).findings == verify_archive(content).findings == []
    _finds_every_bit(content, exported)
    forged = rewritten(content)
    assert verify_archive(forged).findings == []  # without the anchors it is an archive like another
    (finding,) = verify_archive(forged, exported).findings
    assert finding.problem is AuditProblem.REWRITTEN

    (folder / "bad.zip").write_bytes(flipped(content, len(content) * 4))
    for name, code in (("case.zip", 0), ("bad.zip", 1)):
        words = ("audit", "verify", "--archive", str(folder / name), "--anchors", str(folder / "anchors"))
        assert command(given, *words).exit_code == code, name
    none = command(given, "audit", "verify", "--archive", str(folder / "none.zip"))
    assert isinstance(none.exception, BadSettings)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 99])
def test_a_file_that_says_it_is_compressed_is_a_finding(method: int) -> None:
    whole = archive.pack({}, {"events.json": b"\x09\x14\x05\x00" + b"\xff" * 20})
    entry = whole.rindex(b"PK\x01\x02")
    damaged = whole[: entry + 10] + method.to_bytes(2, "little") + whole[entry + 12 :]
    (finding,) = verify_archive(damaged).findings
    assert finding.problem is AuditProblem.FILE_CHANGED


def _finds_every_bit(content: bytes, exported: list[Anchor]) -> None:
    bits = random.Random(SEED).sample(range(len(content) * 8), 400)  # noqa: S311  # which bits does not matter
    assert [bit for bit in bits if not verify_archive(flipped(content, bit), exported).findings] == []
    ends = [0, len(content) // 2, len(content) - 1]
    assert [end for end in ends if not verify_archive(content[:end]).findings] == []
    assert verify_archive(content + b"\0").findings
