"""The transports and broker addresses that the partners file configures."""

from pathlib import Path

from ungdom.exchange.amqp import AmqpTransport, BrokerAddress
from ungdom.exchange.http import HttpTransport
from ungdom.exchange.partners import Broker, Http, Partner, Partners, secret
from ungdom.exchange.transport import Transport
from ungdom.settings import BadSettings


def transport_for(partners: Partners, partner: Partner) -> Transport:
    """The transport to this partner. Raises `BadSettings`, or `OSError` when a certificate file cannot be read."""
    settings = partner.transport
    if settings is None:
        raise BadSettings(f"partner {partner.name} has no transport")
    if isinstance(settings, Http):
        return HttpTransport(settings.url, _file(partners, settings.ca_file))
    return AmqpTransport(address_of(partners, settings), settings.exchange, settings.routing_key)


def address_of(partners: Partners, broker: Broker) -> BrokerAddress:
    """Address and credentials of this broker. Raises `BadSettings`."""
    return BrokerAddress(broker.url, secret(partners, broker), _file(partners, broker.ca_file))


def _file(partners: Partners, name: str | None) -> Path | None:
    return None if name is None else partners.folder / name
