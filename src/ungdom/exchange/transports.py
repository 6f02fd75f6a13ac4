"""The road to a partner and to our own queues, opened as the partners file says."""

from pathlib import Path

from ungdom.exchange.amqp import AmqpTransport, BrokerAddress
from ungdom.exchange.http import HttpTransport
from ungdom.exchange.partners import Broker, Http, Partner, Partners, secret
from ungdom.exchange.transport import Transport
from ungdom.settings import BadSettings


def transport_for(partners: Partners, partner: Partner) -> Transport:
    """The road to this partner. Raises `BadSettings`, or `OSError` when a file of certificates cannot be read."""
    settings = partner.transport
    if settings is None:
        raise BadSettings(f"partner {partner.name} has no transport")
    if isinstance(settings, Http):
        return HttpTransport(settings.url, _file(partners, settings.ca_file))
    return AmqpTransport(address_of(partners, settings), settings.exchange, settings.routing_key)


def address_of(partners: Partners, broker: Broker) -> BrokerAddress:
    """Where the broker is and how to be let in. Raises `BadSettings`."""
    return BrokerAddress(broker.url, secret(partners, broker), _file(partners, broker.ca_file))


def _file(partners: Partners, name: str | None) -> Path | None:
    return None if name is None else partners.folder / name
