"""The AsyncAPI document: which official messages are taken from a broker, and which are sent to partners."""

from typing import Any

from ungdom.esas import outbound
from ungdom.esas.inbound.official import MessageType
from ungdom.esas.receipt import ReceiptStatus

Schema = dict[str, Any]

CONTRACTS = "https://github.com/domstolene/ESAS"
OURS = (MessageType.KVITTERING,)
"""Official messages that go both ways."""


def document(version: str) -> Schema:
    """The document, AsyncAPI 3.0. Every list of codes in it is the one the code uses."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "ungdom, exchange of official messages",
            "version": version,
            "description": _ABOUT,
            "contact": {"name": "The ungdom contributors"},
            "license": {"name": "MIT"},
            "tags": [{"name": "exchange", "description": "Official messages of the justice sector (ESAS)"}],
            "externalDocs": {"description": "The contracts (ESAS)", "url": CONTRACTS},
        },
        "defaultContentType": "application/jose",
        "servers": _SERVERS,
        "channels": {
            "inbox": {
                "description": "The queues in the partners file from which messages for the konfliktråd are taken.",
                "servers": [{"$ref": "#/servers/broker"}],
                "messages": {message_type.value: _ref("messages", message_type.value) for message_type in MessageType},
            },
            "partner": {
                "description": "The exchange of each partner (AMQP), or its address (HTTP).",
                "servers": [{"$ref": "#/servers/broker"}, {"$ref": "#/servers/partner"}],
                "messages": {name: _ref("messages", name) for name in _SENT},
            },
        },
        "operations": {
            "take": {
                "action": "receive",
                "channel": {"$ref": "#/channels/inbox"},
                "description": _TAKE,
                "reply": {
                    "channel": {"$ref": "#/channels/partner"},
                    "messages": [{"$ref": f"#/channels/partner/messages/{MessageType.KVITTERING}"}],
                },
            },
            "tell": {"action": "send", "channel": {"$ref": "#/channels/partner"}, "description": _TELL},
        },
        "components": {
            "messages": {
                **{name: _message(name, "kvittering" if name in OURS else "official") for name in MessageType},
                "oppdatertSaksstatus": _message("oppdatertSaksstatus", "oppdatertSaksstatus"),
            },
            "schemas": _schemas(),
        },
    }


_SERVERS: Schema = {
    "broker": {
        "host": "{host}",
        "protocol": "amqps",
        "protocolVersion": "0.9.1",
        "description": "A broker named in the partners file.",
        "variables": {"host": {"description": "Host and port of `transport` or `inbox` in the partners file."}},
    },
    "partner": {
        "host": "{host}",
        "protocol": "https",
        "description": "The address of a partner that takes messages by HTTP.",
        "variables": {"host": {"description": "Host of `transport` in the partners file."}},
    },
}

_ABOUT = (
    "Every message is a JWS (compact), signed by its sender; the key is named by `kid` and configured, never fetched. "
    "Every message is answered by KVITTERING: UNDER_MOTTAK, then MOTTATT or one of FEILET_…. The same meldingsId sent "
    "again is answered by the same receipt and changes nothing. Delivery is at least once, with a stable meldingsId."
)
_TAKE = "An official message is kept, read and handed to intake; it is acknowledged when that has been committed."
_TELL = (
    "Status of a youth sanction, and receipts, out of the outbox, in the order of each case. What a correction changes "
    "of what was told is told anew, under an id of its own."
)
_SENT = ("oppdatertSaksstatus", MessageType.KVITTERING.value)


def _message(name: str, schema: str) -> Schema:
    return {
        "name": name,
        "contentType": "application/jose",
        "headers": _ref("schemas", "headers"),
        "payload": _ref("schemas", schema),
        "externalDocs": {"description": f"The contract of {name}", "url": CONTRACTS},
    }


def _ref(where: str, name: str) -> Schema:
    return {"$ref": f"#/components/{where}/{name}"}


def _schemas() -> Schema:
    return {
        "headers": _object(
            {
                "messageId": {"type": "string", "description": "meldingsId of the message inside"},
                "SchemaName": {"type": "string"},
                "SchemaVersion": {"type": "string"},
                "senderOrganization": {"type": "string"},
            },
            ["messageId", "SchemaName", "SchemaVersion", "senderOrganization"],
        ),
        "official": {
            **_object({"forsendelse": _object({"meldingsId": {"type": "string"}}, ["meldingsId"])}, ["forsendelse"]),
            "description": "As the contract of this message has it. Unknown fields are flagged, not refused.",
        },
        "kvittering": _object(
            {
                "meldingsId": {"type": "string"},
                "meldingsIdRef": {"type": "string"},
                "status": {"type": "string", "enum": [status.value for status in ReceiptStatus]},
                "beskrivelse": {"type": "string"},
            },
            ["meldingsId", "meldingsIdRef", "status"],
        ),
        "oppdatertSaksstatus": _status(),
    }


def _status() -> Schema:
    """What is sent of it. The variant a partner takes stands in the partners file."""
    parts = []
    for part, codes in outbound.CODES.items():
        known = sorted(code for code in codes if code)
        reason = {"aarsak": {"type": "string", "enum": known}} if known else {}
        parts.append(_object({part: {"type": "object", "properties": reason, "required": list(reason)}}, [part]))
    reaction = {"type": "object", "oneOf": parts}
    update = _object({"ungdomsreaksjonStatus": reaction}, ["ungdomsreaksjonStatus"])
    shape = {
        "forsendelse": {"type": "object"},
        "straffesaksnummer": {"type": "string", "minLength": 3, "maxLength": 30},
        "statusOppdatering": update,
        "siktet": {"type": "object"},
    }
    variants = f"Variants: {', '.join(outbound.VARIANTS)}. Derived dates (planned end, total length) are never sent."
    return {**_object(shape, ["forsendelse", "straffesaksnummer", "statusOppdatering"]), "description": variants}


def _object(properties: Schema, required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required}
