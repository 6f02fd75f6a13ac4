"""The archive file of a closed case: one ZIP whose receiver can verify it without the service.

`manifest.json` names every other file with size and SHA-256, the last link of the chain of the events and the seal that
covers it; `manifest.json.sha256` has the hash of the manifest. `chain.ndjson` has the rows that the links cover. The
files are stored without compression, in a fixed order and with a fixed date: the same case gives the same bytes. A bit
that was changed anywhere is found: packed again, the files have to give the same bytes.
"""

import io
import json
import lzma
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from ungdom.audit.anchors import Anchor, seal_of, seal_values
from ungdom.audit.findings import AuditFinding, AuditProblem, VerificationResult
from ungdom.audit.seals import Head, ProofStep, Seal, root_by
from ungdom.audit.walk import ChainedRow, ChainWalk, sealed_links

FORM = "ungdom-case-archive-1"
MANIFEST, DIGEST, CHAIN, EVENTS = "manifest.json", "manifest.json.sha256", "chain.ndjson", "events.json"
EVENT_CHAIN = "event"
"""The name of the chain of which the events of a case are a stream."""
_ARCHIVE = "archive"
"""What stands for the table in a finding about a file of an archive."""
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
_UNIX, _MODE = 3, 0o600 << 16
_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError, IndexError, OSError, EOFError, RuntimeError,
               zipfile.BadZipFile, zlib.error, lzma.LZMAError)  # fmt: skip
"""What a file that is no archive, or one that was damaged, may raise while it is read."""


def as_json(value: Any) -> bytes:
    """A value as a file of an archive: JSON in UTF-8, the keys in order, with an end of line."""
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def chain_lines(rows: Iterable[ChainedRow]) -> bytes:
    """The rows of a stream as the file `chain.ndjson`: position, link and content of each."""
    lines = (
        json.dumps([position, link.hex() if link else None, content.decode()]) for _, position, link, content in rows
    )
    return "".join(f"{line}\n" for line in lines).encode()


def seal_part(seal: Seal, head: Head, proof: Sequence[ProofStep]) -> dict[str, Any]:
    """What the manifest says of the seal that covers the events, with the proof that their head is under its root."""
    return {**seal_values(seal), "position": head.position, "proof": [[side, part.hex()] for side, part in proof]}


def pack(about: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    """The archive of these files. `about`: what the manifest says beside form and files."""
    listed = [
        {"name": name, "size": len(content), "sha256": sha256(content).hexdigest()} for name, content in files.items()
    ]
    manifest = as_json({**about, "form": FORM, "files": listed})
    digest = f"{sha256(manifest).hexdigest()}  {MANIFEST}\n".encode()
    return _zipped({MANIFEST: manifest, DIGEST: digest, **files})


def _zipped(files: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _FIRST_DAY)
            entry.create_system, entry.external_attr = _UNIX, _MODE
            archive.writestr(entry, content)
    return target.getvalue()


# --- verification -------------------------------------------------------------------------------------------


def verify_archive(content: bytes, anchors: Sequence[Anchor] = ()) -> VerificationResult:
    """Verifies an archive against its manifest, its links, its seal and, where given, anchor files."""
    result = VerificationResult()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        result.findings += _file_findings(files)
        if not result.findings and _zipped(files) != content:
            result.findings.append(_changed(_ARCHIVE))
        if not result.findings:
            _verify_chain(json.loads(files[MANIFEST]), files, anchors, result)
    except _UNREADABLE:
        result.findings.append(_changed(_ARCHIVE))
    return result


def _changed(name: str) -> AuditFinding:
    return AuditFinding(_ARCHIVE, name, 0, AuditProblem.FILE_CHANGED)


def _file_findings(files: Mapping[str, bytes]) -> Iterator[AuditFinding]:
    """The files that are not as the manifest says, are missing, or are not in it."""
    manifest = files[MANIFEST]
    if files[DIGEST] != f"{sha256(manifest).hexdigest()}  {MANIFEST}\n".encode():
        yield _changed(MANIFEST)
        return
    values = json.loads(manifest)
    listed = {entry["name"]: entry for entry in values["files"]}
    if values["form"] != FORM:
        yield _changed(MANIFEST)
    for name in sorted(listed.keys() - files.keys()):
        yield AuditFinding(_ARCHIVE, name, 0, AuditProblem.MISSING)
    yield from (_changed(name) for name in sorted(files.keys() - listed.keys() - {MANIFEST, DIGEST}))
    for name, entry in listed.items():
        given = files.get(name, b"")
        if name in files and (len(given), sha256(given).hexdigest()) != (entry["size"], entry["sha256"]):
            yield _changed(name)


def _verify_chain(
    manifest: Mapping[str, Any], files: Mapping[str, bytes], anchors: Sequence[Anchor], result: VerificationResult
) -> None:
    stream = str(manifest["chain"]["stream"])
    rows = [_row(stream, line) for line in files[CHAIN].splitlines()]
    heads = [_head(manifest)] if manifest["seal"] else []
    sealed = sealed_links({0: heads}, anchors).get(EVENT_CHAIN, {})
    walk = ChainWalk(EVENT_CHAIN, {stream: sealed[stream]} if stream in sealed else {})
    result.findings += walk.findings(rows)
    result.rows, result.streams = walk.rows, walk.streams
    _, position, link, _ = rows[-1]
    if (position, link.hex() if link else None) != (manifest["chain"]["rows"], manifest["chain"]["link"]):
        result.findings.append(_changed(CHAIN))
    if _as_shown(json.loads(files[EVENTS])) != [_as_linked(row) for row in rows]:
        result.findings.append(_changed(EVENTS))
    result.findings += _seal_findings(manifest, heads, anchors)


def _row(stream: str, line: bytes) -> ChainedRow:
    position, link, content = json.loads(line)
    return stream, position, bytes.fromhex(link) if link else None, content.encode()


def _head(manifest: Mapping[str, Any]) -> Head:
    chain = manifest["chain"]
    return Head(EVENT_CHAIN, chain["stream"], manifest["seal"]["position"], bytes.fromhex(chain["link"]))


def _as_shown(events: Mapping[str, Any]) -> list[tuple[int, str, str]]:
    """Number, type and day of each event as the archive shows it."""
    return [(event["seq"], event["type"], event["occurred_on"]) for event in events["items"]]


def _as_linked(row: ChainedRow) -> tuple[int, str, str]:
    """The same of a row of the chain: its content begins with type and day."""
    _, position, _, content = row
    kind, day = json.loads(content)[:2]
    return position, kind, day


def _seal_findings(
    manifest: Mapping[str, Any], heads: Sequence[Head], anchors: Sequence[Anchor]
) -> Iterator[AuditFinding]:
    """The seal, if the events are not under its root, or it is not the one that was exported."""
    if not heads:
        return
    seal = seal_of(manifest["seal"])
    proof = [(str(side), bytes.fromhex(part)) for side, part in manifest["seal"]["proof"]]
    if root_by(heads[0], proof) != seal.root:
        yield AuditFinding("audit_seal", "audit_seal", seal.number, AuditProblem.SEAL_CHANGED)
    if anchors and seal not in [anchor.seal for anchor in anchors]:
        known = seal.number in {anchor.seal.number for anchor in anchors}
        problem = AuditProblem.ANCHOR_DIFFERS if known else AuditProblem.SEAL_MISSING
        yield AuditFinding("audit_seal", "audit_seal", seal.number, problem)
