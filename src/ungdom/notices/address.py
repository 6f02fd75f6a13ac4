"""Protection of webhooks against server-side request forgery: which addresses they may connect to.

The host name is resolved once; the connection is made to the address that was checked. Private, loopback, link-local
(cloud metadata) and multicast addresses, other addresses outside the public internet, and IPv6 addresses that embed an
IPv4 address are refused, unless the installation allows their network. Without TLS only allowed networks are reached.
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


IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network

LONGEST_URL = 500
_PORTS = {"https": 443, "http": 80}
_PUBLIC_6 = IPv6Network("2000::/3")
_HOLDING_4 = (IPv6Network("2001::/32"), IPv6Network("2002::/16"))  # Teredo and 6to4: an IPv4 address lies inside


class Forbidden(Exception):
    """A webhook may not have this address. `code`: the reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class HostLookupFailed(Exception):
    """The host name cannot be resolved now."""


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """Where to connect: the URL with the address in place of the host name, and the names for Host and TLS."""

    url: str
    host: str
    server_name: str
    tls: bool


def networks(written: Sequence[str]) -> tuple[IpNetwork, ...]:
    """The parsed networks. Raises `ValueError`."""
    return tuple(ip_network(network.strip()) for network in written if network.strip())


def check(url: str, allowed: Sequence[IpNetwork]) -> None:
    """Check a URL without resolving its host name. Raises `Forbidden`."""
    parsed = _parsed_url(url, allowed)
    try:
        literal = ip_address(parsed.host)
    except ValueError:
        return
    _check_address(literal, parsed.scheme, allowed)


def resolve_target(url: str, allowed: Sequence[IpNetwork]) -> WebhookTarget:
    """The target of the URL, its host name resolved. Raises `Forbidden` if any address is, and `HostLookupFailed`."""
    parsed = _parsed_url(url, allowed)
    name, port = parsed.raw_host.decode("ascii"), parsed.port or _PORTS[parsed.scheme]
    addresses = _resolved_addresses(name, port)
    for address in addresses:
        _check_address(address, parsed.scheme, allowed)
    target = parsed.copy_with(host=str(addresses[0]))
    return WebhookTarget(str(target), parsed.netloc.decode("ascii"), name, parsed.scheme == "https")


def is_public(address: IpAddress) -> bool:
    """Whether the address is a unicast address of the public internet that embeds no other address."""
    if isinstance(address, IPv6Address) and (
        address not in _PUBLIC_6 or any(address in network for network in _HOLDING_4)
    ):
        return False
    return address.is_global and not address.is_multicast


def _parsed_url(url: str, allowed: Sequence[IpNetwork]) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise Forbidden("not_a_url") from None
    plain = len(url) <= LONGEST_URL and url.isprintable() and " " not in url
    if not plain or not parsed.host or parsed.scheme not in _PORTS or parsed.userinfo or parsed.fragment:
        raise Forbidden("not_a_url")
    if parsed.scheme == "http" and not allowed:
        raise Forbidden("not_https")
    return parsed


def _resolved_addresses(name: str, port: int) -> list[IpAddress]:
    try:
        entries = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise HostLookupFailed from None
    return [ip_address(str(entry[4][0])) for entry in entries]


def _check_address(address: IpAddress, scheme: str, allowed: Sequence[IpNetwork]) -> None:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    known = any((mapped or address) in network for network in allowed)
    if not known and not is_public(address):
        raise Forbidden("not_public")
    if not known and scheme == "http":
        raise Forbidden("not_https")
