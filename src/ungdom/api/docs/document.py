"""Extensions of the OpenAPI document that FastAPI generates; `docs.routes` serves it."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from ungdom.api.decisions.schemas import RefusalOut, message_schemas
from ungdom.api.docs.descriptions import describe
from ungdom.api.docs.examples import with_examples
from ungdom.api.docs.openapi import complete
from ungdom.api.events.union_schemas import event_schemas
from ungdom.api.http.schemas import ProblemOut
from ungdom.api.http.unions import REF_TEMPLATE


def operation_id(route: APIRoute) -> str:
    """The id of an operation in the OpenAPI document: the name of the function, which a test keeps unique."""
    return route.name


def install(app: FastAPI, shared: dict[str, Any]) -> None:
    """Extend the OpenAPI document that FastAPI makes.

    `shared`: the document of all apps with the same resources, filled at its first use; it takes seconds to generate.
    """
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if not shared:
            shared.update(_extended(plain()))
        return shared

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents for extending the document


def _extended(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for model in (ProblemOut, RefusalOut):
        shape = model.model_json_schema(ref_template=REF_TEMPLATE)
        schemas |= {name: inner for name, inner in shape.pop("$defs", {}).items() if name not in schemas}
        schemas.setdefault(model.__name__, shape)
    for name, shape in message_schemas().items():
        schemas.setdefault(name, shape)
    schemas |= event_schemas()
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    document["security"] = [{"token": []}]
    return with_examples(describe(complete(document)))
