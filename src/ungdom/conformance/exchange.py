"""The messages of one case, about one youth who does not exist, and what is answered."""

import json
import random
import string
from dataclasses import dataclass, field
from typing import Any

import httpx

Json = dict[str, Any]
BATCH, NDJSON = "/v1/decisions/batch", "application/x-ndjson"

_DRAWS = random.SystemRandom()


def _name() -> str:
    letters = "".join(_DRAWS.choices(string.ascii_lowercase, k=8))
    return f"Prøve{letters}"


@dataclass
class Exchange:
    """A sender, and the youth that the messages of a case are about."""

    client: httpx.Client
    run: str = field(default_factory=lambda: f"conformance-{_DRAWS.getrandbits(48):012x}")
    number: str = field(default_factory=lambda: f"9{_DRAWS.randrange(10**9):09d}")
    person: Json = field(
        default_factory=lambda: {"born": "2008-05-17", "given_name": _name(), "family_name": _name()}
    )  # fmt: skip

    def message(self, kind: str, decision: str, on: str, terms: Json, **more: Any) -> Json:
        """One message. `more`: further fields, or others in the place of the usual ones."""
        usual = {
            "kind": kind,
            "decision_id": f"{self.run}-{decision}",
            "version": 1,
            "occurred_on": on,
            "sent_at": f"{on}T12:00:00+02:00",
            "police_case_numbers": [self.number],
            "person": self.person,
            "terms": terms,
        }
        return usual | more

    def indictment(self, **more: Any) -> Json:
        """The indictment, which opens the case."""
        opening = {
            "sanction": "youth_sanction",
            "registered_on": "2025-04-01",
            "suspect_on": "2025-04-02",
            "konfliktrad": "oslo",
            "offences": [{"on": "2025-03-29"}],
        }
        terms = {"court_received_on": "2025-05-06"}
        return self.message("indicted", "indictment", "2025-05-05", terms, **{"opening": opening, **more})

    def judgment(self, **more: Any) -> Json:
        """The judgment of the indictment."""
        terms = {"length": {"months": 8}, "subsidiary_prison": {"months": 5}}
        return self.message("judgment_given", "judgment", "2025-06-12", terms, **more)

    def send(self, message: Json, query: str = "", **headers: str) -> httpx.Response:
        """The answer to one message."""
        content = json.dumps(message).encode()
        sent = {"Content-Type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
        return self.client.post(f"/v1/decisions{query}", content=content, headers=sent)

    def send_lines(self, *lines: Json | str) -> httpx.Response:
        """The answer to many messages; a text is sent as it is."""
        texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
        content = "".join(f"{text}\n" for text in texts).encode()
        return self.client.post(BATCH, content=content, headers={"Content-Type": NDJSON})

    def messages(self, decision: str) -> list[Json]:
        """What the service lists of a decision."""
        answer = self.client.get("/v1/decisions", params={"decision_id": f"{self.run}-{decision}"})
        items: list[Json] = answer.json()["items"]
        return items


def differs(what: str, answered: object, wanted: object) -> list[str]:
    """The deviation, if there is one."""
    return [] if answered == wanted else [f"{what} is {answered!r}, and has to be {wanted!r}"]


def code_of(receipt: Json) -> str | None:
    """The code of the reason in a receipt."""
    code: str | None = (receipt.get("reason") or {}).get("code")
    return code
