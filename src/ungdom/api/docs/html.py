"""The documentation of the interface as HTML, from the OpenAPI document. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterator
from html import escape
from typing import Any
from urllib.parse import quote

from ungdom.api.docs import first_calls

_METHODS = ("get", "post", "put", "patch", "delete")
_ADDRESS = "ungdom-address-of-this-service"
"""Stands in the page for the address, which only a request knows."""

_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ungdom: the interface</title>
<link rel="icon" href="/static/favicon.svg">
"""
TRY_PAGE = f"""{_HEAD}<link rel="stylesheet" href="/static/swagger-ui.css">
<link rel="preload" href="/openapi.json" as="fetch" crossorigin>
<script src="/static/swagger-ui-bundle.js" defer></script>
<script src="/static/try.js" defer></script>
</head>
<body>
<p><a href="/docs">All operations</a></p>
<main id="swagger-ui"></main>
</body>
</html>
"""
_PAGE = """{head}<link rel="stylesheet" href="/static/docs.css">
<script src="/static/docs.js" defer></script>
</head>
<body>
<header>
<h1>ungdom: the interface</h1>
<p>{summary}. {count} operations. The document: <a href="/openapi.json">openapi.json</a>.
To send requests from this browser: <a href="/docs/try">Swagger UI</a>, with a token in “Authorize”.</p>
<details>
<summary>Try these five calls (in the demonstration, <code>make run</code>)</summary>
<pre>{calls}</pre>
</details>
<nav aria-label="Groups of operations">{links}</nav>
</header>
<main>
{groups}
</main>
</body>
</html>
"""


def page(document: dict[str, Any]) -> str:
    """The page for this document; `with_address` fills in where the service is."""
    groups = _grouped(document)
    described = {tag["name"]: tag.get("description", "") for tag in document.get("tags", ())}
    return _PAGE.format(
        head=_HEAD,
        summary=escape(document["info"].get("summary", "")),
        count=sum(len(operations) for operations in groups.values()),
        calls=escape(first_calls.as_text(_ADDRESS), quote=False),
        links=" ".join(f'<a href="#{_anchor(tag)}">{escape(tag)}</a>' for tag in groups),
        groups="\n".join(_group(tag, described.get(tag, ""), operations) for tag, operations in groups.items()),
    )


def with_address(text: str, base: str) -> str:
    """The page as seen under that address, without a slash at its end."""
    return text.replace(_ADDRESS, escape(base))


def _grouped(document: dict[str, Any]) -> dict[str, list[str]]:
    """The operations as HTML by their first tag, tags and operations in the order of the document."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for tag in document.get("tags", ()):
        groups[tag["name"]] = []
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if operation := methods.get(method):
                tag = (operation.get("tags") or ["other"])[0]
                groups[tag].append(_operation(tag, method, path, operation))
    return {tag: operations for tag, operations in groups.items() if operations}


def _group(tag: str, description: str, operations: list[str]) -> str:
    intro = f"<p>{_inline(description)}</p>" if description else ""
    heading = f'<h2 id="{_anchor(tag)}">{escape(tag)}</h2>'
    return "\n".join([f'<section aria-labelledby="{_anchor(tag)}">{heading}{intro}', *operations, "</section>"])


def _anchor(tag: str) -> str:
    return quote(tag.replace(" ", "-"))


def _operation(tag: str, method: str, path: str, operation: dict[str, Any]) -> str:
    parts = [
        f'<details class="operation {method}"><summary><b>{method.upper()}</b> <code>{escape(path)}</code> ',
        f"{escape(operation.get('summary', ''))}</summary>",
        *(f"<p>{_inline(text)}</p>" for text in operation.get("description", "").split("\n\n") if text),
        *_parameters(operation),
        *_body(operation),
        f'<p><a href="/docs/try#/{quote(tag)}/{quote(operation["operationId"])}">Try it</a>, '
        "with the fields of body and answers</p></details>",
    ]
    return "".join(parts)


def _inline(text: str) -> str:
    """The text with what stands in backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _body(operation: dict[str, Any]) -> Iterator[str]:
    """The media type and the name of the schema of the body, if it takes one."""
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        schema = f", schema <code>{escape(name)}</code>" if name else ""
        yield f"<p>Body: <code>{escape(kind)}</code>{schema}</p>"


def _parameters(operation: dict[str, Any]) -> Iterator[str]:
    """A definition list of the parameters, if there are any."""
    shown = [parameter for parameter in operation.get("parameters", ()) if "name" in parameter]
    if shown:
        yield "<dl>"
        yield from (_parameter(parameter) for parameter in shown)
        yield "</dl>"


def _parameter(parameter: dict[str, Any]) -> str:
    needed = ", required" if parameter.get("required") else ""
    where = f"{parameter['in']}{needed}"
    return (
        f"<dt><code>{escape(parameter['name'])}</code> ({where})</dt>"
        f"<dd>{_inline(parameter.get('description', ''))}</dd>"
    )
