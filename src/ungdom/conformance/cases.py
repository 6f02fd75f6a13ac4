"""The cases. Each yields what is answered otherwise than it has to be; its docstring is what it is about."""

import json
from collections.abc import Callable, Iterator

import httpx

from ungdom.conformance.exchange import NDJSON, Exchange, code_of, differs

CREATED, ACCEPTED, REFUSED = 201, 202, 422
PROBLEM = "application/problem+json"


def a_decision_opens_a_case(exchange: Exchange) -> Iterator[str]:
    """A message with `opening` about somebody unknown is applied, 201, and its receipt names the case and the event."""
    answer = exchange.send(exchange.indictment())
    yield from differs("the status", answer.status_code, CREATED)
    receipt = answer.json()
    yield from differs("outcome", receipt["outcome"], "applied")
    yield from differs("the first event is there", bool(receipt["events"]), True)
    yield from differs("the case is named", bool(receipt["case"]["reference"]), True)


def a_repeated_message_gets_the_first_receipt(exchange: Exchange) -> Iterator[str]:
    """The same version again is answered byte for byte as the first time, whenever it was sent."""
    first = exchange.send(exchange.indictment())
    again = exchange.send(exchange.indictment(sent_at="2025-05-09T08:00:00+02:00"))
    yield from differs("the receipt is the first one", again.content == first.content, True)
    yield from differs("Idempotency-Replayed", again.headers.get("Idempotency-Replayed"), "true")


def other_content_of_a_version_is_refused(exchange: Exchange) -> Iterator[str]:
    """Other content under a version that is known changes nothing."""
    first = exchange.send(exchange.indictment())
    other = exchange.send(exchange.indictment(occurred_on="2025-05-07"))
    yield from differs("the status", other.status_code, REFUSED)
    yield from differs("the reason", code_of(other.json()), "other_content")
    again = exchange.send(exchange.indictment())
    yield from differs("the receipt of the first is kept", again.content == first.content, True)


def a_decision_that_comes_too_soon_waits(exchange: Exchange) -> Iterator[str]:
    """A judgment before the case is known is parked with its reason, and applied once the case is there."""
    parked = exchange.send(exchange.judgment())
    yield from differs("the status", parked.status_code, ACCEPTED)
    yield from differs("outcome", parked.json()["outcome"], "parked")
    yield from differs("a reason is given", code_of(parked.json()), "unknown_case")
    exchange.send(exchange.indictment())
    yield from differs("what waited", [message["outcome"] for message in exchange.messages("judgment")], ["applied"])


def a_higher_version_corrects(exchange: Exchange) -> Iterator[str]:
    """A higher version is applied in the place of the lower one, whose receipt stays as it was."""
    first = exchange.send(exchange.indictment())
    second = exchange.send(exchange.indictment(version=2, occurred_on="2025-05-04"))
    yield from differs("the status", second.status_code, CREATED)
    yield from differs("outcome", second.json()["outcome"], "applied")
    again = exchange.send(exchange.indictment())
    yield from differs("the receipt of version 1 is kept", again.content == first.content, True)


def a_version_that_lacks_the_one_before_waits(exchange: Exchange) -> Iterator[str]:
    """Version 3 without version 2 is parked as `version_gap`."""
    exchange.send(exchange.indictment())
    third = exchange.send(exchange.indictment(version=3, occurred_on="2025-05-03"))
    yield from differs("the status", third.status_code, ACCEPTED)
    yield from differs("the reason", code_of(third.json()), "version_gap")


def every_wrong_place_is_named(exchange: Exchange) -> Iterator[str]:
    """A message with an unknown and a missing field is refused as a whole, each place named, and nothing is stored."""
    message = exchange.indictment(nonsense=1)
    del message["occurred_on"]
    answer = exchange.send(message)
    yield from differs("the status", answer.status_code, REFUSED)
    yield from differs("the media type", _media(answer), PROBLEM)
    places = {error["pointer"].rpartition("/")[2] for error in answer.json().get("errors") or ()}
    yield from differs("the places", places, {"nonsense", "occurred_on"})
    yield from differs("what is stored", exchange.messages("indictment"), [])


def a_dry_run_stores_nothing(exchange: Exchange) -> Iterator[str]:
    """`dry_run=true` answers with the receipt that the message would get, and nothing is stored."""
    answer = exchange.send(exchange.indictment(), "?dry_run=true")
    yield from differs("the status", answer.status_code, httpx.codes.OK)
    yield from differs("outcome", answer.json()["outcome"], "applied")
    yield from differs("what is stored", exchange.messages("indictment"), [])


def nobody_sends_without_a_token(exchange: Exchange) -> Iterator[str]:
    """Without a token, and with one that is none, the answer is 401 with a problem and `WWW-Authenticate`."""
    for token in ("", "Bearer of-nobody"):
        answer = exchange.send(exchange.indictment(), Authorization=token)
        yield from differs("the status", answer.status_code, httpx.codes.UNAUTHORIZED)
        yield from differs("the media type", _media(answer), PROBLEM)
        yield from differs("WWW-Authenticate is there", "WWW-Authenticate" in answer.headers, True)


def other_media_are_refused(exchange: Exchange) -> Iterator[str]:
    """What is not sent as JSON is refused with 415."""
    answer = exchange.send(exchange.indictment(), Content_Type="text/plain")
    yield from differs("the status", answer.status_code, httpx.codes.UNSUPPORTED_MEDIA_TYPE)
    yield from differs("what is stored", exchange.messages("indictment"), [])


def a_batch_has_a_receipt_for_each_line(exchange: Exchange) -> Iterator[str]:
    """Receipts come in the order of the lines; a broken line is refused with its number and stops no other."""
    answer = exchange.send_lines(exchange.indictment(), "{broken", exchange.judgment())
    yield from differs("the status", answer.status_code, httpx.codes.OK)
    yield from differs("the media type", _media(answer), NDJSON)
    receipts = [json.loads(line) for line in answer.text.splitlines() if line]
    kinds = [receipt.get("kind") for receipt in receipts]
    yield from differs("the kinds", kinds, ["indicted", None, "judgment_given"])
    yield from differs(
        "the refused line", [(receipt.get("line"), code_of(receipt)) for receipt in receipts[1:2]], [(2, "broken_line")]
    )
    again = exchange.send_lines(exchange.indictment(), "{broken", exchange.judgment())
    yield from differs("the receipts of the same lines again", again.content == answer.content, True)


def three_languages_are_spoken(exchange: Exchange) -> Iterator[str]:
    """Receipts and problems are in the language of `Accept-Language`."""
    labels = set()
    for language in ("nb", "nn", "en"):
        answer = exchange.send({"kind": "indicted"}, Accept_Language=language)
        yield from differs("Content-Language", answer.headers.get("Content-Language"), language)
        labels.add(answer.json()["detail"])
    yield from differs("the number of different texts", len(labels), 3)


def a_problem_has_a_page(exchange: Exchange) -> Iterator[str]:
    """`type` of a problem is an address that explains it, without a token."""
    problem = exchange.send({"kind": "indicted"}).json()
    yield from differs("the code is in the type", problem["type"].endswith(problem["code"]), True)
    page = exchange.client.get(httpx.URL(problem["type"]).raw_path.decode(), headers={"Authorization": ""})
    yield from differs("the status of the page", page.status_code, httpx.codes.OK)


def _media(answer: httpx.Response) -> str:
    return str(answer.headers.get("Content-Type", "")).partition(";")[0]


Case = Callable[[Exchange], Iterator[str]]

CASES: tuple[Case, ...] = (
    a_decision_opens_a_case,
    a_repeated_message_gets_the_first_receipt,
    other_content_of_a_version_is_refused,
    a_decision_that_comes_too_soon_waits,
    a_higher_version_corrects,
    a_version_that_lacks_the_one_before_waits,
    every_wrong_place_is_named,
    a_dry_run_stores_nothing,
    nobody_sends_without_a_token,
    other_media_are_refused,
    a_batch_has_a_receipt_for_each_line,
    three_languages_are_spoken,
    a_problem_has_a_page,
)
"""Every case, in the order in which they are run."""
