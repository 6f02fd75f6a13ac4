"""Addresses of databases, hosts and web pages in settings."""

import re
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

DATABASES = ("postgresql", "sqlite")
POOLER, TRANSACTION = "pooler", "transaction"
"""`?pooler=transaction` in the address of a database: a pooler gives each transaction another connection."""


def database_kind(url: str) -> str:
    """`postgresql` or `sqlite`. Raises `ValueError` without the address in its text: it may contain a password."""
    scheme, _, rest = url.partition("://")
    kind = scheme.partition("+")[0]
    if kind == "sqlite" and rest.lstrip("/") in ("", ":memory:"):
        raise ValueError("names no file")
    if not rest or (kind == "postgresql" and not _has_sound_port(url)):
        raise ValueError("is not the address of a database")
    if kind not in DATABASES:
        raise ValueError("is not PostgreSQL or SQLite")
    if any(pooler != TRANSACTION for pooler in parse_qs(urlsplit(url).query, keep_blank_values=True).get(POOLER, ())):
        raise ValueError(f"names another {POOLER} than `{TRANSACTION}`")
    return kind


def sqlite_file(url: str) -> Path | None:
    """The absolute path of the file of a SQLite database; None for PostgreSQL."""
    scheme, _, rest = url.partition("://")
    return Path(rest.removeprefix("/").partition("?")[0]).resolve() if scheme.startswith("sqlite") else None


def _has_sound_port(url: str) -> bool:
    """Whether the port of this URL is a number from 1 to 65535, or left out; of an address with several hosts, each."""
    try:
        parts = urlsplit(url)
        user, at, hosts = parts.netloc.rpartition("@")
        return all(parts._replace(netloc=f"{user}{at}{host}").port != 0 for host in hosts.split(","))
    except ValueError:
        return False


def host_of(address: str) -> str:
    """The host of a web address. Raises `ValueError` for anything else."""
    name = host(address) if re.fullmatch(r"https?://[A-Za-z0-9.\[\]:-]+(/[A-Za-z0-9._~/-]*)?", address) else None
    if not name:
        raise ValueError(f"{address!r} is not an address")
    return name


def host(url: str) -> str | None:
    """The host of this URL; None if it has none, or an invalid port."""
    return urlsplit(url).hostname if _has_sound_port(url) else None


def is_loopback(name: str) -> bool:
    """Whether this host is the machine itself."""
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
