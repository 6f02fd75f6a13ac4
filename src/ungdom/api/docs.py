"""The interactive documentation, served from here: no page of a service for justice loads a script from elsewhere."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.routing import APIRoute
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from ungdom.api.decision_shapes import RefusalOut, message_schemas
from ungdom.api.descriptions import describe
from ungdom.api.event_shapes import event_schemas
from ungdom.api.examples import with_examples
from ungdom.api.openapi import complete
from ungdom.api.schemas import ProblemOut
from ungdom.api.unions import WHERE

router = APIRouter(include_in_schema=False)
STATIC = Path(__file__).parent / "static"


def operation_id(route: APIRoute) -> str:
    """The id of an operation in the OpenAPI document: the name of the function, which a test keeps unique."""
    return route.name


@router.get("/docs")
def swagger() -> HTMLResponse:
    """The interactive documentation."""
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="ungdom",
        swagger_js_url="/static/swagger-ui-bundle.js",
        swagger_css_url="/static/swagger-ui.css",
        swagger_favicon_url="/static/favicon.svg",
        swagger_ui_parameters={
            "persistAuthorization": True,
            "docExpansion": "list",
            "tryItOutEnabled": True,
            "validatorUrl": None,
        },
    )


def install(app: FastAPI) -> None:
    """Serve the documentation and what it needs."""
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema:
            return app.openapi_schema
        document = plain()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for model in (ProblemOut, RefusalOut):
            shape = model.model_json_schema(ref_template=WHERE)
            schemas |= {name: inner for name, inner in shape.pop("$defs", {}).items() if name not in schemas}
            schemas.setdefault(model.__name__, shape)
        for name, shape in message_schemas().items():
            schemas.setdefault(name, shape)
        schemas |= event_schemas()
        document["components"]["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        }
        document["security"] = [{"token": []}]
        return with_examples(describe(complete(document)))

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents for extending the document
