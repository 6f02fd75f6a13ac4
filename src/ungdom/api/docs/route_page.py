"""`docs/routes.md`: every operation of the interface, by reader and tag."""

from collections.abc import Iterator
from typing import Any

from ungdom.api.docs.readers import READERS

Json = dict[str, Any]

_INTRODUCTION = """# Operations of the interface

Every operation of `/v1` by reader and tag, with the name that generated clients give it. Parameters, bodies and answers
with examples are in `openapi/v1.json`, which the service shows at `/docs`. Headers, problems and lists are the same for
all: [the HTTP interface](api.md).
"""
_HEAD = "| operation | name | what it does |\n|---|---|---|\n"


def routes_text(document: Json) -> str:
    """The page of this OpenAPI document."""
    parts = [_INTRODUCTION]
    for reader, tags in READERS.items():
        parts.append(f"\n## {reader}\n")
        parts += [
            f"\n### `{tag.name}`\n\n{tag.description}\n\n{_HEAD}{''.join(_rows(tag.name, document))}" for tag in tags
        ]
    return "".join(parts)


def _rows(tag: str, document: Json) -> Iterator[str]:
    for path, methods in sorted(document["paths"].items()):
        for method, operation in sorted(methods.items()):
            if operation["tags"] == [tag]:
                # The first paragraph: what follows it is for whoever reads the operation itself.
                described = operation.get("description", "").partition("\n\n")[0].replace("\n", " ").replace("|", "\\|")
                what = f"{operation['summary']}. {described}".strip()
                yield f"| `{method.upper()} {path}` | `{operation['operationId']}` | {what} |\n"
