"""What the rest of the service knows of access tokens: who one speaks for, and which scopes there are."""

from ungdom.api.access.development import AUDIENCE, ISSUER, Issuer
from ungdom.api.access.principal import (
    ADMIN,
    DECISIONS,
    EXTRACTS,
    NEEDS_OFFICE,
    PREFIX,
    READ,
    SCOPES,
    STATUS,
    WRITE,
    BadToken,
    Principal,
)
from ungdom.api.access.verify import Verifier

__all__ = [
    "ADMIN",
    "AUDIENCE",
    "DECISIONS",
    "EXTRACTS",
    "ISSUER",
    "NEEDS_OFFICE",
    "PREFIX",
    "READ",
    "SCOPES",
    "STATUS",
    "WRITE",
    "BadToken",
    "Issuer",
    "Principal",
    "Verifier",
]
