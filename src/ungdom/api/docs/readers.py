"""Tags of the OpenAPI document by reader, and its introduction."""

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tag:
    """One resource in daily words, and where its readers start."""

    name: str
    description: str


READERS: dict[str, tuple[Tag, ...]] = {
    "Coordinator's client": (
        Tag("cases", "Open, find and read cases. Start with `GET /v1/cases` and `GET /v1/cases/{case_id}`."),
        Tag(
            "events",
            "What happened in a case. Start with `GET /v1/cases/{case_id}/options`: what may be recorded, and what "
            "stands in the way; then `POST /v1/cases/{case_id}/events`.",
        ),
        Tag("worklist", "What has to be done, by whom and by when. A client's first page is `GET /v1/worklist`."),
        Tag("across-cases", "Plans, meetings, consents, breaches and complaints of many cases, a page at a time."),
        Tag("alerts", "Deadlines that run out or have run out. Start with `GET /v1/alerts`."),
        Tag("delays", "Why cases took as long as they did, and whose waits made the difference."),
        Tag("notices", "What somebody has been notified of, and how they want to be: `GET /v1/notices`."),
        Tag("calendar", "Deadlines in a calendar program. Start with `POST /v1/calendar-feeds`."),
        Tag("measures", "Who offers which measures where, and whether there is room: `GET /v1/measures/catalogue`."),
        Tag("surveys", "Invitations for youths and guardians, and their answers without a token."),
        Tag("webhooks", "Messages to other systems, signed. Start with `POST /v1/webhooks`."),
        Tag("feed", "What has happened since a point in time, without gaps: `GET /v1/feed`."),
        Tag(
            "staff",
            "Who is in service, who is absent and who substitutes, and cases that go from one to another. Start with "
            "`GET /v1/staff`.",
        ),
        Tag("people", "What is recorded about a person across cases."),
        Tag("access", "Who has been given a person's data, when, why and by which route: `GET /v1/access-log`."),
    ),
    "Prosecution and courts": (
        Tag(
            "decisions",
            "Decisions of prosecution systems and courts. Start with `POST /v1/decisions` and keep the receipt; a "
            "parked one says what it waits for.",
        ),
        Tag("esas", "Official messages of the justice sector. Start with `POST /v1/esas/messages`."),
    ),
    "Analyst": (
        Tag("statistics", "Figures over many cases. Start with `GET /v1/statistics/definitions`: what each counts."),
        Tag("releases", "Tables that may be published, each with its proof. Start with `GET /v1/releases`."),
        Tag("extracts", "Rows under pseudonyms, for a purpose. Start with `GET /v1/extracts`: catalogue, dictionary."),
    ),
    "Operator": (
        Tag("jobs", "The nightly job, and the ledger of every job. Start with `GET /v1/jobs/runs`."),
        Tag("audit", "The hash chains: the last seal and verification, and what is wrong: `GET /v1/audit`."),
        Tag("retention", "How long data is kept and on what basis, and what is due. Start with `GET /v1/retention`."),
        Tag("health", "Whether the service is alive and ready, without a token."),
    ),
    "Everybody": (
        Tag("rules", "The law as data: workflows, deadline rules, and what a changed rule would do."),
        Tag("problems", "What a problem's `type` means, without a token."),
    ),
}
"""Each reader of this document and their tags. An operation has exactly one tag: generators make a module of each."""

DESCRIPTION = """\
Cases of the Norwegian youth sanctions *ungdomsstraff* and *ungdomsoppfølging*, from investigation to completion.

**Where to start.** A coordinator's client: `GET /v1/worklist`. A prosecution system or court: `POST /v1/decisions`.
An analyst: `GET /v1/statistics/definitions` and `GET /v1/extracts`. An operator: `GET /health/ready`.

**Errors** are problem details (RFC 9457) with a stable `code`, in the language of `Accept-Language` (nb, nn or en).
**Lists** are `{"items": [...], "next": cursor}`; `limit` is 1 to 200, 50 when it is not given.
**Writes to a case** need `If-Match` with its ETag. **Repeats** of a write with the same `Idempotency-Key` get the same
answer.

**What is stable.** Paths, operation ids, names and codes under `/v1` are kept: they are added to and not changed.
Until version 1.0.0 of the service an error of the contract itself may be mended by a change, which the change log
names. What is to go is marked `deprecated` here and answers with the headers `Deprecation` (RFC 9745) and `Sunset`
(RFC 8594) for at least six months before it goes. Clients have to accept unknown properties and new codes.
"""

INFO: Json = {
    "description": DESCRIPTION,
    "contact": {"name": "The ungdom contributors"},
    "license": {"name": "MIT", "identifier": "MIT"},
}
SERVERS: list[Json] = [{"url": "/", "description": "The service that this document came from"}]


def front_matter(info: Json) -> Json:
    """Introduction, servers, tags and their groups; `info` has title and version already."""
    return {
        "info": {**info, **INFO},
        "servers": SERVERS,
        "tags": [
            {"name": tag.name, "description": f"{reader}. {tag.description}"}
            for reader, tags in READERS.items()
            for tag in tags
        ],
        "x-tagGroups": [{"name": reader, "tags": [tag.name for tag in tags]} for reader, tags in READERS.items()],
    }
