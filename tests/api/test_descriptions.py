"""Every parameter and property is described, from one catalogue that forms are drawn from as well (T27)."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

import pytest

from ungdom import generated, texts
from ungdom.api.docs import descriptions
from ungdom.api.events.forms import form_of
from ungdom.texts import Language, fields
from ungdom.workflow.events import SHAPE
from ungdom.workflow.vocabulary import EventType

LANGUAGES: tuple[Language, ...] = get_args(Language)


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(generated.openapi_text())
    return found


def properties() -> Iterator[tuple[str, str, str | None, bool]]:
    """Schema, property, the key that describes it, and whether a person or a system sends it."""
    schemas = document()["components"]["schemas"]
    sent, unions = descriptions.sent_schemas(document()), descriptions.unions_of(schemas)
    for name, schema in schemas.items():
        for inner in schema.get("properties", {}):
            yield name, inner, fields.key_of(inner, descriptions.owners(name, unions, name in sent)), name in sent


def parameters() -> Iterator[tuple[str, str, str | None, bool]]:
    """Operation, parameter, the key that describes it, and whether it is a question in the address."""
    for operation in descriptions.operations(document()):
        for one in operation.get("parameters", ()):
            key = fields.key_of(one["name"], descriptions.parameter_owners(operation, one))
            yield operation["operationId"], one["name"], key, one["in"] == "query"


def of_forms() -> set[str]:
    """Keys that describe the details of events, whether or not a request can carry them."""
    found: set[str] = set()
    for kind in SHAPE:
        form = form_of(kind, "en")
        for name, schema in [(SHAPE[kind].__name__, form), *form.get("$defs", {}).items()]:
            found |= {fields.key_of(inner, (name,)) or inner for inner in schema.get("properties", {})}
    return found


def filled_in() -> set[str]:
    """Keys of everything that a person fills in: details, bodies and questions in the address."""
    return {key for *_, key, asked in (*properties(), *parameters()) if asked and key} | of_forms()


def test_every_property_is_described() -> None:
    found = list(properties())

    assert len(found) > 1_000
    assert [f"{schema}.{name}" for schema, name, key, _ in found if key is None] == [], (
        "src/ungdom/texts/fields/en.toml describes every field"
    )


def test_every_parameter_is_described() -> None:
    found = list(parameters())

    assert len(found) > 100
    assert [f"{operation}.{name}" for operation, name, key, _ in found if key is None] == []


def test_the_document_says_what_the_catalogue_says() -> None:
    described = [
        inner.get("description")
        for schema in document()["components"]["schemas"].values()
        for inner in schema.get("properties", {}).values()
    ]
    asked = [one.get("description") for o in descriptions.operations(document()) for one in o.get("parameters", ())]

    assert len(described) > 1_700
    assert len(asked) > 300
    assert {*described, *asked} <= {field.help for field in fields.catalogue("en").values()}


def test_nothing_stands_in_the_catalogue_that_nothing_uses() -> None:
    used = {key for *_, key, _ in (*properties(), *parameters())} | of_forms()

    assert sorted(set(fields.catalogue("en")) - used) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_a_person_fills_in_has_a_label_and_a_help_text(language: Language) -> None:
    labelled = {key for key, field in fields.catalogue(language).items() if field.label}

    assert labelled == filled_in(), f"src/ungdom/texts/fields/{language}.toml: a label and a help text for each"


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_other_languages_hold_only_what_a_person_fills_in(language: Language) -> None:
    assert set(fields.catalogue(language)) == filled_in(), f"src/ungdom/texts/fields/{language}.toml"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_description_says_more_than_the_name(language: Language) -> None:
    def words(text: str) -> set[str]:
        return set(re.findall(r"\w+", text.lower())) - {"the", "a", "of", "is", "was"}

    catalogue = fields.catalogue(language)
    repeated = [key for key, field in catalogue.items() if words(field.help) <= words(key.replace("_", " "))]

    assert catalogue
    assert repeated == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_description_is_a_sentence(language: Language) -> None:
    catalogue = fields.catalogue(language)
    unfinished = [key for key, field in catalogue.items() if not field.help.endswith((".", ".`"))]

    assert catalogue
    assert unfinished == []


def test_languages_differ() -> None:
    """Two languages with the same sentence for most fields would be one language twice."""
    norwegian, nynorsk = fields.catalogue("nb"), fields.catalogue("nn")
    same = [key for key, field in norwegian.items() if nynorsk[key].help == field.help]

    assert len(same) < len(norwegian) / 4


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", SHAPE)
def test_a_form_is_in_the_language_of_the_caller(kind: EventType, language: Language) -> None:
    form = form_of(kind, language)
    shapes = [form, *form.get("$defs", {}).values()]
    catalogue = {(field.label, field.help) for field in fields.catalogue(language).values()}

    assert form["title"] == texts.label(language, kind)
    assert {(x["title"], x["description"]) for s in shapes for x in s.get("properties", {}).values()} <= catalogue
    assert all([x["const"] for x in shape["oneOf"]] == shape["enum"] for shape in shapes if "enum" in shape)
