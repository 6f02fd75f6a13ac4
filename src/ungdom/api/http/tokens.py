"""What other modules need of access tokens: principals and scopes."""

from ungdom.api.http.auth.development import AUDIENCE, ISSUER, Issuer
from ungdom.api.http.auth.principal import (
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
from ungdom.api.http.auth.verify import Verifier

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
