"""The generated files are what the code says now. `make docs` writes them anew."""

import json
from pathlib import Path

from jsonschema import Draft7Validator, Draft202012Validator

from ungdom import generated
from ungdom.esas.inbound.official import MessageType
from ungdom.notices.dispatch import KINDS

ROOT = Path(__file__).parents[1]


def test_every_generated_file_is_current() -> None:
    texts = generated.files()

    assert texts
    stale = [path for path, text in texts.items() if (ROOT / path).read_text(encoding="utf-8") != text]
    assert stale == [], f"run `make docs`, which writes {', '.join(stale)}"


def test_the_asyncapi_document_keeps_its_specification() -> None:
    contract = json.loads((ROOT / "tests" / "contracts" / "asyncapi-3.0.0.schema.json").read_text(encoding="utf-8"))
    document = json.loads(generated.asyncapi_text())

    assert [f"{e.json_path}: {e.message}" for e in Draft7Validator(contract).iter_errors(document)] == []
    assert document["components"]["schemas"]
    for shape in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(shape)


def test_the_asyncapi_document_names_every_message_that_is_read_or_sent() -> None:
    document = json.loads(generated.asyncapi_text())

    assert set(document["channels"]["inbox"]["messages"]) == {one.value for one in MessageType}
    assert set(document["channels"]["partner"]["messages"]) == {"oppdatertSaksstatus", "KVITTERING"}
    assert len(document["channels"]["webhook"]["messages"]) == len(KINDS)
