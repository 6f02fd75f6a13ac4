"""Compares two OpenAPI documents: `python tools/contract.py OLD NEW` names every change that could break a client.

A contract may only be added to (docs/api.md, What is stable): operations, optional parameters, properties of answers,
codes of enumerations in answers. Exit code 1 when something else has changed. An operation that was marked `deprecated`
in the old document, and whose `x-sunset` has passed, may be gone.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

Json = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
NARROWED_BY = {"maxLength": -1, "maximum": -1, "maxItems": -1, "minLength": 1, "minimum": 1, "minItems": 1}
"""Limits of what may be sent, and the direction in which a change refuses more."""


@dataclass
class Comparison:
    """Two documents, and which pairs of schemas are being compared already. `today`: for what may be gone."""

    old: Json
    new: Json
    today: date
    seen: set[tuple[str, str, bool]] = field(default_factory=set)

    def changes(self) -> Iterator[str]:
        """Every change that could break a client, with its place."""
        for path, item in self.old["paths"].items():
            for method in METHODS:
                if method in item:
                    yield from self._operation(f"{method.upper()} {path}", item[method], self._in_new(path, method))

    def _in_new(self, path: str, method: str) -> Json | None:
        found: Json | None = self.new["paths"].get(path, {}).get(method)
        return found

    def _operation(self, place: str, old: Json, new: Json | None) -> Iterator[str]:
        if new is None:
            if not (old.get("deprecated") and str(old.get("x-sunset", "9999")) <= self.today.isoformat()):
                yield f"{place}: is gone"
            return
        if old["operationId"] != new["operationId"]:
            yield f"{place}: operationId {old['operationId']} is {new['operationId']} now"
        yield from self._parameters(place, old, new)
        yield from self._body(place, old.get("requestBody"), new.get("requestBody"))
        yield from self._answers(place, old["responses"], new["responses"])

    def _parameters(self, place: str, old: Json, new: Json) -> Iterator[str]:
        before = {(one["in"], one["name"]): one for one in old.get("parameters", ())}
        after = {(one["in"], one["name"]): one for one in new.get("parameters", ())}
        for key, one in after.items():
            if one["required"] and not before.get(key, {}).get("required"):
                yield f"{place}: parameter {key[1]} is required now"
        for key, one in before.items():
            if key not in after:
                yield f"{place}: parameter {key[1]} is gone"
            else:
                yield from self._schema(f"{place}: parameter {key[1]}", one["schema"], after[key]["schema"], sent=True)

    def _body(self, place: str, old: Json | None, new: Json | None) -> Iterator[str]:
        if new is not None and new.get("required") and not (old or {}).get("required"):
            yield f"{place}: a body is required now"
        yield from self._contents(f"{place}: body", old, new, sent=True)

    def _answers(self, place: str, old: Json, new: Json) -> Iterator[str]:
        for status, answer in old.items():
            if status.startswith("2") and status not in new:
                yield f"{place}: no longer answers {status}"
            elif status.startswith("2"):
                yield from self._contents(f"{place}: {status}", answer, new[status], sent=False)

    def _contents(self, place: str, old: Json | None, new: Json | None, sent: bool) -> Iterator[str]:
        after = (new or {}).get("content", {})
        for media, content in (old or {}).get("content", {}).items():
            if media not in after:
                yield f"{place}: no {media} any more"
            else:
                yield from self._schema(place, content.get("schema", {}), after[media].get("schema", {}), sent=sent)

    def _schema(self, place: str, old: Json, new: Json, sent: bool) -> Iterator[str]:
        names = old.get("$ref", ""), new.get("$ref", "")
        if all(names):
            if (*names, sent) in self.seen:
                return
            self.seen.add((*names, sent))
            place = f"{place} {names[0].rpartition('/')[2]}"
        old, new = _resolved(self.old, old), _resolved(self.new, new)
        yield from self._types(place, old, new, sent)
        yield from self._values(place, old, new, sent)
        yield from self._properties(place, old, new, sent)
        for name in ("items", "additionalProperties"):
            if isinstance(old.get(name), dict) and isinstance(new.get(name), dict):
                yield from self._schema(f"{place}[]", old[name], new[name], sent)

    def _types(self, place: str, old: Json, new: Json, sent: bool) -> Iterator[str]:
        before, after = _choices(old), _choices(new)
        wrong = before.keys() - after.keys() if sent else after.keys() - before.keys()
        for kind in sorted(kind for kind in wrong if before and after and not (kind.startswith("#") and not sent)):
            yield f"{place}: {'may not be' if sent else 'may be'} {kind} {'any more' if sent else 'now'}"
        for kind in before.keys() & after.keys():
            if before[kind] is not old:
                yield from self._schema(place, before[kind], after[kind], sent)

    def _values(self, place: str, old: Json, new: Json, sent: bool) -> Iterator[str]:
        if "enum" in old and "enum" in new and (gone := set(old["enum"]) - set(new["enum"])):
            yield f"{place}: {', '.join(sorted(map(str, gone)))} is no value any more"
        if sent:
            for name, sign in NARROWED_BY.items():
                if name in new and (name not in old or (new[name] - old[name]) * sign > 0):
                    yield f"{place}: {name} is {new[name]}, and was {old.get(name, 'not limited')}"
            if new.get("pattern", old.get("pattern")) != old.get("pattern"):
                yield f"{place}: another pattern"

    def _properties(self, place: str, old: Json, new: Json, sent: bool) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in sorted(before.keys() - after.keys()) if "properties" in new or before else ():
            yield f"{place}.{name}: is gone"
        required = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(required[1] - required[0] if sent else (required[0] - required[1]) & after.keys()):
            yield f"{place}.{name}: {'is required now' if sent else 'may be missing now'}"
        for name in sorted(before.keys() & after.keys()):
            yield from self._schema(f"{place}.{name}", before[name], after[name], sent)


def _resolved(document: Json, schema: Json) -> Json:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _choices(schema: Json) -> dict[str, Json]:
    """The alternatives of a schema, by reference or type; a schema without alternatives by its type."""
    alternatives = schema.get("anyOf") or schema.get("oneOf")
    if not alternatives or "properties" in schema:
        types = schema.get("type", [])
        return dict.fromkeys([types] if isinstance(types, str) else types, schema)
    found: dict[str, Json] = {}
    for one in alternatives:
        found |= {f"#{one['$ref'].rpartition('/')[2]}": one} if "$ref" in one else _choices(one)
    return found


def main() -> None:
    """Print the changes. Exit code 1 if there are any."""
    old, new = (json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:3])
    changes = list(Comparison(old, new, date.today()).changes())  # noqa: DTZ011 - a day of whoever releases
    sys.stdout.write("".join(f"{change}\n" for change in changes))
    sys.exit(1 if changes else 0)


if __name__ == "__main__":
    main()
