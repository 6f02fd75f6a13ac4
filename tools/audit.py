"""Known holes in the locked packages, secrets in the tracked files, and the bill of materials: `make audit`.

Run by the Python of `.venv/audit`: `python tools/audit.py` audits, `… sbom` writes `build/sbom.json`, `… accept` takes
what the scan for secrets finds now into `tools/known_secrets.json`, where each file has its reason.

An advisory service that is not reached finds nothing, which is not the same as that nothing is known: it is said in a
sentence, and ends the audit with 0, so that a machine without the network can run the rest.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
KNOWN = ROOT / "tools" / "known_secrets.json"
SBOM = ROOT / "build" / "sbom.json"
LOCKED = ("requirements/run.txt", "requirements/dev.txt")
RECORDED = ("openapi/v1.json", "src/ungdom/api/docs/examples/recorded.json")
"""Tokens and ids here are those of an invented service that `make docs` starts and throws away; new each time."""
HASHED = ("requirements/", "tools/package-lock.json")
"""Lock files: full of hashes of packages, which have the shape of keys."""
SHAPES = {
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+([A-Za-z0-9+/=]{40,})",
    "32 bytes in base64": r"(?<![A-Za-z0-9+/=:_-])([A-Za-z0-9+/]{43}=)(?![A-Za-z0-9+/=])",
    "token of AWS": r"\b((?:AKIA|ASIA)[A-Z0-9]{16})\b",
    "token of GitHub": r"\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})\b",
    "token of GitLab": r"\b(glpat-[A-Za-z0-9_-]{20,})\b",
    "token of npm or PyPI": r"\b(npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,})\b",
    "token of Slack": r"\b(xox[abpors]-[A-Za-z0-9-]{20,})\b",
    "signed token": r"\b(eyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{20,})",
    "signing secret of a webhook": r"\b(whsec_[A-Za-z0-9+/]{32,}=*)",
    "password in an address": r"\b(?:postgres(?:ql)?|amqps?|smtps?|https?)(?:\+\w+)?://[^\s:/@\"'{}<>]+:([^\s@/\"'{}<>]{4,})@",
}
"""The shapes of real secrets, for a scan of seconds that the tests run as well."""
MADE_LATER = {".git", ".venv", "node_modules", "__pycache__", "build", ".mypy_cache", ".ruff_cache", ".hypothesis"}
TIMEOUT = 300
NO_REASON = "say why these are no secrets"


@dataclass(slots=True)
class Report:
    """What was found, and what could not be asked."""

    lines: list[str] = field(default_factory=list)
    found: bool = False

    def say(self, line: str, *, found: bool = False) -> None:
        """Add a line. `found`: it is a finding, which ends the audit with 1."""
        self.lines.append(line)
        self.found = self.found or found


def judge_python(report: Report, name: str, answer: Mapping[str, Any] | None) -> None:
    """What pip-audit says of a lock file, as JSON; None where it said nothing that can be read."""
    packages = answer["dependencies"] if answer else []
    asked = [package for package in packages if "skip_reason" not in package]
    if not asked:
        report.say(f"{name}: no advisory service was reached, so nothing is known of its packages.")
        return
    for package in asked:
        for hole in package["vulns"]:
            fixed = ", ".join(hole["fix_versions"]) or "no version"
            report.say(f"{name}: {package['name']} {package['version']} has {hole['id']}, fixed in {fixed}", found=True)
    left_out = len(packages) - len(asked)
    rest = f"; of {left_out} others the service knows nothing" if left_out else ""
    report.say(f"{name}: {len(asked)} packages compared with the advisories{rest}.")


def judge_node(report: Report, name: str, answer: Mapping[str, Any] | None) -> None:
    """What `npm audit` says, as JSON; None where it said nothing that can be read."""
    if answer is None or "auditReportVersion" not in answer:
        report.say(f"{name}: no advisory service was reached, so nothing is known of its packages.")
        return
    for package, hole in answer["vulnerabilities"].items():
        report.say(f"{name}: {package} {hole['range']}: {hole['severity']}", found=True)
    count = answer["metadata"]["dependencies"]["total"]
    report.say(f"{name}: {count} packages compared with the advisories.")


def judge_secrets(report: Report, results: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """What looks like a secret and is not among the known ones; what is none in one file is none in another."""
    hashes = {digest for entry in known.values() for digest in entry["hashes"]}
    new = [
        (name, finding)
        for name, findings in results.items()
        for finding in findings
        if finding["hashed_secret"] not in hashes
    ]
    for name, finding in new:
        report.say(f"{name}:{finding['line_number']} looks like a secret ({finding['type']})", found=True)
    for name in sorted(name for name, entry in known.items() if entry["reason"] == NO_REASON):
        report.say(f"{KNOWN.name}: {name} has no reason", found=True)
    report.say(f"secrets: {len(results)} files with something like one, {len(new)} findings that are not known.")


def accepted(results: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """The findings as they are kept: by file the hash of each, and the reason why it is no secret."""
    return {
        name: {
            "reason": known.get(name, {}).get("reason", NO_REASON),
            "hashes": sorted({finding["hashed_secret"] for finding in findings}),
        }
        for name, findings in sorted(results.items())
    }


def hash_of(secret: str) -> str:
    """As `detect-secrets` names a finding."""
    return hashlib.sha1(secret.encode(), usedforsecurity=False).hexdigest()


def secrets_in(text: str) -> Iterator[tuple[str, str, int]]:
    """Shape, hash and line of everything in a text that has the shape of a secret."""
    for shape, pattern in SHAPES.items():
        for match in re.finditer(pattern, text):
            yield shape, hash_of(match[1]), text.count("\n", 0, match.start()) + 1


def shaped_secrets(names: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """By file, whatever has the shape of a secret, in the form of detect-secrets."""
    results: dict[str, list[dict[str, Any]]] = {}
    for name in names:
        if name.startswith(HASHED) or not (ROOT / name).is_file():
            continue
        text = (ROOT / name).read_text(encoding="utf-8", errors="replace")
        for shape, digest, line in secrets_in(text):
            finding = {"type": shape, "hashed_secret": digest, "line_number": line}
            results.setdefault(name, []).append(finding)
    return results


def tracked() -> list[str]:
    """Every tracked file but those that are made anew each time; in an unpacked archive every file."""
    names = _run("git", "ls-files", "-z").split("\0")
    if not any(names):
        files = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        names = sorted(path.as_posix() for path in files if not MADE_LATER & set(path.parts))
    return [name for name in names if name and name not in (*RECORDED, KNOWN.relative_to(ROOT).as_posix())]


# --- asking -------------------------------------------------------------------------------------------------


def _run(*command: str | Path, folder: Path = ROOT) -> str:
    """What a command prints; empty where it cannot be run or takes too long."""
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    try:
        done = subprocess.run(  # noqa: S603  # the commands below
            [str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False, timeout=TIMEOUT,
            env=os.environ | {"PATH": path},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _json(text: str) -> dict[str, Any] | None:
    try:
        answer = json.loads(text)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _beside(name: str) -> Path:
    return Path(sys.executable).parent / name


def _scan() -> dict[str, Any]:
    names = tracked()
    answer = _json(_run(_beside("detect-secrets"), "scan", *names))
    if answer is None:
        raise SystemExit("the scan for secrets did not end")
    results: dict[str, Any] = answer["results"]
    for name, findings in shaped_secrets(names).items():
        results.setdefault(name, []).extend(findings)
    return results


def _known() -> dict[str, Any]:
    known: dict[str, Any] = json.loads(KNOWN.read_text(encoding="utf-8")) if KNOWN.exists() else {}
    return known


def audit() -> Report:
    """Lock files, packages of Node, secrets."""
    report = Report()
    for name in LOCKED:
        options = ("--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json")
        judge_python(report, name, _json(_run(_beside("pip-audit"), *options, "--requirement", name)))
    answer = _run("npm", "audit", "--package-lock-only", "--json", folder=ROOT / "tools")
    judge_node(report, "tools/package-lock.json", _json(answer))
    judge_secrets(report, _scan(), _known())
    return report


def bill_of_materials() -> str:
    """Every package that the service is installed with, from the lock file: CycloneDX 1.6, the same text each time."""
    options = ("--pyproject", "pyproject.toml", "--output-reproducible", "--sv", "1.6", "--of", "JSON")
    bill = _json(_run(_beside("cyclonedx-py"), "requirements", "requirements/run.txt", *options))
    if bill is None:
        raise SystemExit("the bill of materials could not be made")
    for component in bill["components"]:
        del component["description"]  # the line of the lock file, hashes and all; they stand beside it
    return json.dumps(bill, indent=2, sort_keys=True) + "\n"


def main() -> None:
    """Audit, or what the argument names."""
    match sys.argv[1:]:
        case ["sbom"]:
            SBOM.parent.mkdir(exist_ok=True)
            SBOM.write_text(bill_of_materials(), encoding="utf-8")
            sys.stdout.write(f"written {SBOM.relative_to(ROOT)}\n")
        case ["accept"]:
            KNOWN.write_text(json.dumps(accepted(_scan(), _known()), indent=1) + "\n", encoding="utf-8")
        case _:
            report = audit()
            sys.stdout.write("".join(f"{line}\n" for line in report.lines))
            raise SystemExit(int(report.found))


if __name__ == "__main__":
    main()
