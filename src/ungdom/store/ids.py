"""Ids of cases: UUIDv7, and the short reference for people, which is derived from the id."""

import secrets
from datetime import datetime
from uuid import UUID

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
_RANDOM_BITS = 74


def uuid7(at: datetime, random_bits: int | None = None) -> UUID:
    """A UUID of version 7 (RFC 9562) for that instant. `random_bits`: 74 bits; drawn at random if None."""
    bits = secrets.randbits(_RANDOM_BITS) if random_bits is None else random_bits
    millis = int(at.timestamp() * 1000) & (1 << 48) - 1
    high, low = bits >> 62 & 0xFFF, bits & (1 << 62) - 1
    return UUID(int=millis << 80 | 7 << 76 | high << 64 | 2 << 62 | low)


def reference_of(case_id: UUID) -> str:
    """The reference of a case: ten letters and digits in two groups, 50 bits of its id. `7KQ4M-9X2P1`."""
    bits = case_id.int & (1 << 50) - 1
    letters = "".join(_LETTERS[bits >> shift & 31] for shift in range(45, -1, -5))
    return f"{letters[:5]}-{letters[5:]}"
