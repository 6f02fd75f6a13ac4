"""Pseudonyms: a keyed hash per purpose, so that extracts for different purposes cannot be joined.

The secret is kept outside the database (`UNGDOM_EXTRACT_KEYS`). A key is derived from it for each purpose and kind: the
same case has the same pseudonym in all extracts of one purpose and key version, and a different one in any other. The
pseudonyms of a case and of its person are unrelated. Re-identification needs both the secret and the ids: the ids alone
are not enough.
"""

import hmac
from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ungdom.extracts.errors import NoKey
from ungdom.settings.keys import parse_versioned_key

LENGTH = 24
"""Letters of a pseudonym: 120 bits. A collision among a hundred million cases has a probability of 4 in 10^21."""

_SECRET, _BYTES, _CHECK = 32, LENGTH * 5 // 8, 4


class PseudonymKind(StrEnum):
    """What a pseudonym stands for."""

    CASE = "case"
    PERSON = "person"
    MEASURE = "measure"
    ALERT = "alert"
    SPELL = "spell"


@dataclass(frozen=True, slots=True)
class ExtractPseudonymiser:
    """Pseudonyms of one kind for one purpose, from an id or other unique bytes."""

    key: bytes = field(repr=False)

    def __call__(self, what: UUID | bytes) -> str:
        """24 letters of base32 (a to z, 2 to 7), which cannot be confused with a number or a reference."""
        raw = what.bytes if isinstance(what, UUID) else what
        return b32encode(hmac.digest(self.key, raw, "sha256")[:_BYTES]).decode().lower()


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """The pseudonyms of one purpose and key version. `check`: identifies the secret without revealing it."""

    purpose: str
    version: int
    check: str
    secret: bytes = field(repr=False)

    def pseudonymiser(self, kind: PseudonymKind) -> ExtractPseudonymiser:
        """The pseudonyms of this kind."""
        return ExtractPseudonymiser(
            _derive(self.secret, f"ungdom extracts: {self.version}: {kind}: {self.purpose}", _SECRET)
        )


class ExtractKeys:
    """The versioned secrets of pseudonyms. New extracts use the highest version.

    Format: `2:BASE64,1:BASE64`, each of 32 bytes; one without a version has version 1. To rotate, add a secret with a
    higher version; keep the old ones as long as an extract made with them may have to be rebuilt.
    Raises `ValueError` when one is not 32 bytes, or a version occurs twice.
    """

    def __init__(self, written: Sequence[str]) -> None:
        pairs = [parse_versioned_key(key) for key in written if key.strip()]
        self._secrets = dict(pairs)
        if len(self._secrets) < len(pairs):
            raise ValueError("a version of the extract keys stands twice")

    def __repr__(self) -> str:
        return f"ExtractKeys({sorted(self._secrets)})"

    def for_purpose(self, purpose: str, version: int | None = None) -> Pseudonyms:
        """The pseudonyms of this purpose, with the newest key or that of a version. Raises `NoKey`."""
        wanted = version or max(self._secrets, default=None)
        if wanted is None or wanted not in self._secrets:
            raise NoKey(wanted)
        secret = self._secrets[wanted]
        check = _derive(secret, f"ungdom extracts: {wanted}: check", _CHECK).hex()
        return Pseudonyms(purpose, wanted, check, secret)


def _derive(secret: bytes, what: str, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=what.encode()).derive(secret)
