"""The generated files are what the code says now. `make docs` writes them anew."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import typer
from jsonschema_rs import Draft7Validator, Draft202012Validator, meta

from ungdom import cli, generated
from ungdom.cli import generating
from ungdom.esas.inbound.official import MessageType
from ungdom.notices import webhooks
from ungdom.notices.dispatch import KINDS
from ungdom.workflow.events import reader
from ungdom.workflow.vocabulary import EventType

ROOT = Path(__file__).parents[1]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def test_every_generated_file_is_current() -> None:
    texts = generating.files(typer.main.get_command(cli.app))

    assert texts
    stale = [path for path, text in texts.items() if (ROOT / path).read_text(encoding="utf-8") != text]
    assert stale == [], f"run `make docs`, which writes {', '.join(stale)}"


def test_the_asyncapi_document_keeps_its_specification() -> None:
    contract = json.loads((ROOT / "tests" / "contracts" / "asyncapi-3.0.0.schema.json").read_text(encoding="utf-8"))
    document = json.loads(generated.asyncapi_text())

    assert [f"{e.instance_path}: {e.message}" for e in Draft7Validator(contract).iter_errors(document)] == []
    assert document["components"]["schemas"]
    for shape in document["components"]["schemas"].values():
        meta.validate({"$schema": DIALECT, **shape})
    for name, message in document["components"]["messages"].items():
        for part in ("headers", "payload"):
            shape = {**message[part], "components": document["components"]}
            assert list(Draft202012Validator(shape).iter_errors(message["examples"][0][part])) == [], (name, part)


def test_the_schema_of_each_event_type_says_what_the_reader_of_its_details_says() -> None:
    document = json.loads(generated.events_text())
    meta.validate(document)
    whole = Draft202012Validator(document)
    for kind in EventType:
        [event] = document["$defs"][kind]["examples"]
        reader(kind).validate_json(json.dumps(event["details"]))
        assert list(whole.iter_errors(event)) == [], kind
        assert not whole.is_valid({**event, "details": {**event["details"], "of_nobody": 1}}), kind
        assert not whole.is_valid({name: event[name] for name in ("occurred_on", "details")}), kind


def test_the_asyncapi_document_names_every_message_that_is_read_or_sent() -> None:
    document = json.loads(generated.asyncapi_text())

    assert set(document["channels"]["inbox"]["messages"]) == {one.value for one in MessageType}
    assert set(document["channels"]["partner"]["messages"]) == {"oppdatertSaksstatus", "KVITTERING"}
    assert len(document["channels"]["webhook"]["messages"]) == len(KINDS) + 1
    assert set(document["channels"]["webhook"]["messages"]) - set(document["channels"]["feed"]["messages"]) == {"test"}
    assert document["channels"]["feed"]["address"] in generated.openapi_document()["paths"]
    used = {server["$ref"] for channel in document["channels"].values() for server in channel["servers"]}
    assert used == {f"#/servers/{name}" for name in document["servers"]}


def test_the_test_message_of_webhooks_is_as_documented() -> None:
    document = json.loads(generated.asyncapi_text())
    body = json.loads(webhooks.test_body("https://ungdom.example.no", uuid4(), datetime.now(UTC)))
    shape = {**document["components"]["messages"]["test"]["payload"], "components": document["components"]}
    assert list(Draft202012Validator(shape).iter_errors(body)) == []
    assert set(body) == set(shape["properties"])
