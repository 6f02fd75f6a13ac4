"""The road to a partner and to our own queues, opened as the partners file says."""

from pathlib import Path

from ungdom.exchange.amqp import Address, AmqpTransport
from ungdom.exchange.http import HttpTransport
from ungdom.exchange.partners import Broker, Http, Partner, Partners, secret
from ungdom.exchange.transport import Transport
from ungdom.settings import BadSettings


def road_to(partners: Partners, partner: Partner) -> Transport:
    """The road to this partner. Raises `BadSettings`, or `OSError` when a file of certificates cannot be read."""
    road = partner.transport
    if road is None:
        raise BadSettings(f"partner {partner.name} has no transport")
    if isinstance(road, Http):
        return HttpTransport(road.url, _file(partners, road.ca_file))
    return AmqpTransport(address_of(partners, road), road.exchange, road.routing_key)


def address_of(partners: Partners, broker: Broker) -> Address:
    """Where the broker is and how to be let in. Raises `BadSettings`."""
    return Address(broker.url, secret(partners, broker), _file(partners, broker.ca_file))


def _file(partners: Partners, name: str | None) -> Path | None:
    return None if name is None else partners.folder / name
