"""Verifies stored releases: that they are as they were made, and that the proof of each holds anew."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from ungdom.release.build import ReleaseDocument, exact_counts
from ungdom.release.cells import cube_of, identity
from ungdom.release.disclosure import Policy, Release, below_threshold, protect
from ungdom.release.plan import RELEASE_PLAN, codes_of


def faults(document: ReleaseDocument, digest: str, earlier: Sequence[ReleaseDocument] = ()) -> list[str]:
    """Faults of a stored release, in its content or its proof. `earlier`: the earlier releases, the oldest first."""
    content, proof = json.loads(document.content), json.loads(document.proof)
    problems = [] if document.digest == digest == proof.get("content") else ["content is not what was released"]
    policy, release = policy_of(content), exact_counts(document)
    free = dict.fromkeys(release.hidden, 0.0)
    result = protect(policy, release, free, [exact_counts(item) for item in earlier] if release.intervals else [])
    open_figures = {str(name).partition("|")[0] for n in result.unprotected for name in result.system.unknowns[n].cells}
    open_figures |= {str(i).partition("|")[0] for i in below_threshold(policy, release.counts) - release.hidden}
    for part in content["figures"]:
        if part["stands"] is None:
            problems += _figure_faults(part, release, proof["figures"][part["of"]], open_figures, policy)
    return problems


def policy_of(content: Mapping[str, Any]) -> Policy:
    """The rules by which a release was made, without those that no longer say what is verified."""
    known = {item.name for item in fields(Policy)}
    return Policy(**{"interval": False} | {name: value for name, value in content["policy"].items() if name in known})


def _figure_faults(
    part: Mapping[str, Any], release: Release, proof: Mapping[str, Any], open_figures: set[str], policy: Policy
) -> Iterator[str]:
    of, codes = part["of"], codes_of(part["of"])
    hidden = {str(i) for i in release.hidden if str(i).partition("|")[0] in codes}
    if open_figures & {*codes}:
        yield f"{of}: a hidden count can be worked out"
    if set(proof.get("possible_values", ())) != hidden:
        yield f"{of}: the proof is of other counts"
    if proof.get("audit") != "passed" or proof.get("hidden") != len(hidden):
        yield f"{of}: the proof does not say what was found"
    if not _matches_counts(part, release, policy):
        yield f"{of}: a number shown is not the one that was counted"


def _matches_counts(part: Mapping[str, Any], release: Release, policy: Policy) -> bool:
    """Whether the values shown equal those counted, and no suppressed value is shown."""
    shown = {i: policy.rounded(count) for i, count in release.counts.items() if i not in release.hidden}
    own = [table for table in part["tables"] if table.get("stands") is None]
    rows = ((_row_identity(part["of"], table, row), row[-2]) for table in own for row in table["cells"])
    return all(count is None or shown.get(name) == count for name, count in rows)


def _row_identity(of: str, table: Mapping[str, Any], row: Sequence[Any]) -> str:
    cube = cube_of(table)
    return str(
        identity(
            next(group for group in RELEASE_PLAN if group.population == of), cube, tuple(row[: len(cube.dimensions)])
        )
    )
