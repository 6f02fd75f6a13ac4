"""Addresses of PostgreSQL: several hosts, and a pooler in transaction mode between the service and the server."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from sqlalchemy import URL, make_url

from ungdom.settings.addresses import POOLER, TRANSACTION


@dataclass(frozen=True, slots=True)
class PostgresqlAddress:
    """Where the server is. `pooled`: a pooler gives each transaction another connection of the server."""

    url: URL
    pooled: bool


def is_postgresql(url: str) -> bool:
    """Whether this is the address of a PostgreSQL."""
    return url.partition(":")[0].partition("+")[0] == "postgresql"


def parse(url: str) -> PostgresqlAddress:
    """The address in the form of SQLAlchemy, which several hosts have in the query: `?host=a,b&port=1,2`.

    `?pooler=transaction` is an option of ours and is not handed on to libpq.
    """
    address = make_url(_hosts_in_query(url)).set(drivername="postgresql+psycopg")
    pooled = address.query.get(POOLER) == TRANSACTION
    return PostgresqlAddress(address.difference_update_query([POOLER]), pooled)


def with_defaults(url: str, options: Mapping[str, str]) -> str:
    """The URL with those of these options of libpq that it does not name itself."""
    missing = {name: value for name, value in options.items() if f"{name}=" not in url}
    scheme, _, rest = url.partition("://")  # parts of a secret text are plain ones
    return f"{scheme}://{rest}{'&' if '?' in rest else '?'}{_query(missing)}" if missing else url


def _hosts_in_query(url: str) -> str:
    """The URL with the hosts of `//user@a:1,b:2/name` as options: as libpq reads them, and SQLAlchemy does not."""
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    user, at, hosts = authority.rpartition("@")
    if "," not in hosts:
        return url
    pairs = [_host_and_port(part) for part in hosts.split(",")]
    options = {"host": ",".join(host for host, _ in pairs), "port": ",".join(port for _, port in pairs)}
    return f"{scheme}://{user}{at}{slash or '/'}{path}{'&' if '?' in path else '?'}{_query(options)}"


def _host_and_port(text: str) -> tuple[str, str]:
    host, colon, port = text.rpartition(":")
    host, port = (host, port) if colon and "]" not in port else (text, "5432")
    return host.strip("[]"), port


def _query(options: Mapping[str, str]) -> str:
    return "&".join(f"{name}={quote(value, safe=',')}" for name, value in options.items())
