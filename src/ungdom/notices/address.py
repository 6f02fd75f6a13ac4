"""Where a webhook may lead. The address is looked up once, judged, and connected to as it was judged.

Refused are private, loopback and link-local addresses (where the metadata of a cloud lies), multicast, everything that
is not of the public internet, and IPv6 addresses that hold an IPv4 one; unless the installation allows their network.
Without TLS only such an allowed network is reached.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from ungdom.lazy import lazy

if TYPE_CHECKING:
    import httpx
else:
    httpx = lazy("httpx")


Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST_URL = 500
_PORTS = {"https": 443, "http": 80}
_PUBLIC_6 = IPv6Network("2000::/3")
_HOLDING_4 = (IPv6Network("2001::/32"), IPv6Network("2002::/16"))  # Teredo and 6to4: an IPv4 address lies inside


class Forbidden(Exception):
    """No message goes there. `code`: what is wrong with the address."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Unknown(Exception):
    """The name cannot be looked up now."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to connect: the URL with the address in place of the name, and what the receiver is called."""

    url: str
    host: str
    server_name: str
    tls: bool


def networks(written: Sequence[str]) -> tuple[Network, ...]:
    """The networks as written. Raises `ValueError`."""
    return tuple(ip_network(one.strip()) for one in written if one.strip())


def check(url: str, allowed: Sequence[Network]) -> None:
    """Whether a webhook may have this URL, as far as can be told without looking it up. Raises `Forbidden`."""
    found = _parsed(url, allowed)
    literal = _literal(found.host)
    if literal is not None:
        _judge(literal, found.scheme, allowed)


def look_up(url: str, allowed: Sequence[Network]) -> Place:
    """Where the URL leads now. Raises `Forbidden` when any of its addresses is, and `Unknown`."""
    found = _parsed(url, allowed)
    name, port = found.raw_host.decode("ascii"), found.port or _PORTS[found.scheme]
    addresses = _addresses(name, port)
    for address in addresses:
        _judge(address, found.scheme, allowed)
    there = found.copy_with(host=str(addresses[0]))
    return Place(str(there), found.netloc.decode("ascii"), name, found.scheme == "https")


def is_public(address: Address) -> bool:
    """Whether it is an address of the public internet and nothing else."""
    if isinstance(address, IPv6Address) and (
        address not in _PUBLIC_6 or any(address in network for network in _HOLDING_4)
    ):
        return False
    return address.is_global and not address.is_multicast


def _parsed(url: str, allowed: Sequence[Network]) -> httpx.URL:
    try:
        found = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise Forbidden("not_a_url") from None
    plain = len(url) <= LONGEST_URL and url.isprintable() and " " not in url
    if not plain or not found.host or found.scheme not in _PORTS or found.userinfo or found.fragment:
        raise Forbidden("not_a_url")
    if found.scheme == "http" and not allowed:
        raise Forbidden("not_https")
    return found


def _addresses(name: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unknown from None
    return [ip_address(str(one[4][0])) for one in found]


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _judge(address: Address, scheme: str, allowed: Sequence[Network]) -> None:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    known = any((mapped or address) in network for network in allowed)
    if not known and not is_public(address):
        raise Forbidden("not_public")
    if not known and scheme == "http":
        raise Forbidden("not_https")
