"""Client of ungdom, the case engine for the Norwegian youth sanctions: `Client`, and `AsyncClient` for asyncio."""

from ungdom_client.client import AsyncClient, Client
from ungdom_client.core import Retries
from ungdom_client.problems import (
    ClientError,
    Forbidden,
    Invalid,
    NotAuthenticated,
    NotFound,
    NotReached,
    Problem,
    Refused,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    VersionOutdated,
)
from ungdom_client.tokens import ClientCredentials, Maskinporten, RefreshToken, Token
from ungdom_client.webhooks import NotVerified, verify

__all__ = [
    "AsyncClient",
    "Client",
    "ClientCredentials",
    "ClientError",
    "Forbidden",
    "Invalid",
    "Maskinporten",
    "NotAuthenticated",
    "NotFound",
    "NotReached",
    "NotVerified",
    "Problem",
    "RefreshToken",
    "Refused",
    "Retries",
    "Token",
    "TooManyRequests",
    "Unauthenticated",
    "Unavailable",
    "VersionOutdated",
    "verify",
]
