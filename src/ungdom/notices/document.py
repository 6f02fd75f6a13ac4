"""What webhooks are sent and the change feed has, for the AsyncAPI document."""

from typing import Any

from ungdom.notices.dispatch import KINDS
from ungdom.notices.webhooks import CONTENT_TYPE, TYPE
from ungdom.workflow.rules.escalation import ClearedBecause, Level
from ungdom.workflow.vocabulary import EventType, Party

Schema = dict[str, Any]

_ABOUT = (
    "Webhooks made with POST /v1/webhooks. Each POST is one CloudEvent 1.0 (structured mode), signed as Standard "
    "Webhooks has it: webhook-id, webhook-timestamp, webhook-signature. Delivery is at least once: webhook-id stays. "
    "Messages of one webhook come in order. Any 2xx is taken as received; 410 turns the webhook off; redirects are "
    "not followed; Retry-After is honoured. The same messages stand in GET /v1/feed. The data are ids, days and a "
    "link: what the case holds is read from there."
)


_FEED = (
    "The same messages as JSON, asked for with the cursor of the last answer: in the order in which they became "
    "visible, without gaps, nothing twice. They have no signature: the request has a token."
)
TEST = "test"
"""The kind of the event that says nothing but that webhooks arrive."""


def with_webhooks(document: Schema) -> Schema:
    """The document with the channels of webhooks and of the change feed, their messages and shapes."""
    names = {kind: _name(kind) for kind in KINDS}
    refs = {name: {"$ref": f"#/components/messages/{name}"} for name in names.values()}
    test = {TEST: {"$ref": f"#/components/messages/{TEST}"}}
    parts = document["components"]
    tags = [*document["info"]["tags"], {"name": "webhooks", "description": "What webhooks are sent"}]
    return {
        **document,
        "info": {**document["info"], "tags": tags},
        "servers": {**document["servers"], **_SERVERS},
        "channels": {
            **document["channels"],
            "webhook": {"description": _ABOUT, "servers": [_server("receiver")], "messages": {**refs, **test}},
            "feed": {
                "address": "/v1/feed",
                "description": _FEED,
                "servers": [_server("service")],
                "messages": refs,
            },
        },
        "operations": {
            **document["operations"],
            "notify": {
                "action": "send",
                "channel": {"$ref": "#/channels/webhook"},
                "description": "What happened in cases that the owner of the webhook may see, and alerts of them.",
            },
            "follow": {
                "action": "send",
                "channel": {"$ref": "#/channels/feed"},
                "description": "What happened in cases that the caller may see, from any point on.",
            },
        },
        "components": {
            "messages": {
                **parts["messages"],
                **{name: _message(kind, name) for kind, name in names.items()},
                TEST: _test_message(),
            },
            "schemas": {**parts["schemas"], "webhookHeaders": _HEADERS, "alertData": _ALERT, "eventData": _EVENT},
        },
    }


_SERVERS: Schema = {
    "service": {
        "host": "{host}",
        "protocol": "https",
        "description": "The service itself, at its public address.",
        "variables": {"host": {"description": "UNGDOM_PUBLIC_URL without the scheme."}},
    },
    "receiver": {
        "host": "{host}",
        "protocol": "https",
        "description": "The address that a webhook was made with.",
        "variables": {"host": {"description": "Host of the receiver. Private addresses are refused."}},
    },
}


def _server(name: str) -> Schema:
    return {"$ref": f"#/servers/{name}"}


def _name(kind: str) -> str:
    first, _, rest = kind.partition(".")
    return first + "".join(word.capitalize() for word in rest.split("_"))


def _message(kind: str, name: str) -> Schema:
    data = "eventData" if kind.startswith("case.") else "alertData"
    return {
        "name": name,
        "contentType": CONTENT_TYPE,
        "headers": {"$ref": "#/components/schemas/webhookHeaders"},
        "payload": _object(
            {
                "specversion": {"const": "1.0"},
                "id": {"type": "string", "format": "uuid"},
                "source": {"type": "string", "format": "uri"},
                "type": {"const": f"{TYPE}{kind}"},
                "subject": {"type": "string", "description": "Reference of the case"},
                "time": {"type": "string", "format": "date-time"},
                "datacontenttype": {"const": "application/json"},
                "data": {"$ref": f"#/components/schemas/{data}"},
            }
        ),
    }


def _test_message() -> Schema:
    """The event of `POST /v1/webhooks/{webhook_id}/test`, which has no case."""
    message = _message(TEST, TEST)
    properties = {name: shape for name, shape in message["payload"]["properties"].items() if name != "subject"}
    return {**message, "payload": _object({**properties, "data": {"type": "object", "maxProperties": 0}})}


def _object(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


_ID: Schema = {"type": "string", "format": "uuid"}
_DAY: Schema = {"type": "string", "format": "date"}
_CASE: Schema = {
    "case_id": _ID,
    "reference": {"type": "string"},
    "link": {"type": "string", "format": "uri"},
}
_HEADERS = _object(
    {
        "webhook-id": {"type": "string", "description": "The same whenever the message is sent to this webhook"},
        "webhook-timestamp": {
            "type": "string",
            "description": "Seconds since 1970; refuse what is older than 5 minutes",
        },
        "webhook-signature": {"type": "string", "description": "v1,… for each secret that counts, between spaces"},
    }
)
_ALERT = _object(
    {
        **_CASE,
        "alert_id": _ID,
        "n": {"type": "integer", "description": "Number of the change of the alert"},
        "code": {"type": "string", "description": "The clock; see /v1/deadline-rules"},
        "level": {"enum": [member.value for member in Level]},
        "due": _DAY,
        "days": {"type": "integer", "description": "Past the due day; before it negative"},
        "waiting_for": {"enum": [*(member.value for member in Party), None]},
        "for_date": _DAY,
        "because": {"enum": [*(member.value for member in ClearedBecause), None]},
    }
)
_EVENT = _object(
    {
        **_CASE,
        "seq": {"type": "integer"},
        "type": {
            "enum": [member.value for member in EventType],
            "description": "The shape of its details, which are read from the case: openapi/schemas/events.json",
        },
        "occurred_on": _DAY,
        "recorded_at": {"type": "string", "format": "date-time"},
    }
)
