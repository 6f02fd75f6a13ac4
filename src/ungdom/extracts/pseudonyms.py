"""Pseudonyms: a keyed hash per purpose, so that rows of two purposes cannot be joined, and nobody is found by their id.

The secret stands outside the database (`UNGDOM_EXTRACT_KEYS`). From it a key is derived for each purpose and each kind
of thing: the same case has the same pseudonym in all extracts of one purpose and one key version, and another one in
those of any other. A case and its person have nothing in common. Without the secret no pseudonym can be told from an
id, not even by somebody who has every id; whoever has both secret and ids can lead back, and nobody else.
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
"""Letters of a pseudonym: 120 bits, so that two of a hundred million cases meet with a chance of 4 in 10^21."""

_SECRET, _BYTES, _CHECK = 32, LENGTH * 5 // 8, 4


class PseudonymKind(StrEnum):
    """The kinds of things that have pseudonyms."""

    CASE = "case"
    PERSON = "person"
    MEASURE = "measure"
    ALERT = "alert"
    SPELL = "spell"


@dataclass(frozen=True, slots=True)
class ExtractPseudonymiser:
    """Pseudonyms of one kind for one purpose: called with an id, or with other bytes that say what it is."""

    key: bytes = field(repr=False)

    def __call__(self, what: UUID | bytes) -> str:
        """24 letters of base32 (a to z, 2 to 7): never mistaken for a number or a reference."""
        raw = what.bytes if isinstance(what, UUID) else what
        return b32encode(hmac.digest(self.key, raw, "sha256")[:_BYTES]).decode().lower()


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """The pseudonyms of one purpose under one key version. `check`: tells two secrets apart, and says nothing else."""

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
    """The secrets that pseudonyms are made from, each with its version; the highest version is used for what is new.

    Written `2:BASE64,1:BASE64`, each of 32 bytes; one without a version has version 1. To change keys add one with a
    higher version; keep the old ones as long as anything made with them may have to be built again.
    Raises `ValueError` when one is not 32 bytes, or a version stands twice.
    """

    def __init__(self, written: Sequence[str]) -> None:
        pairs = [parse_versioned_key(key) for key in written if key.strip()]
        self._secrets = dict(pairs)
        if len(self._secrets) < len(pairs):
            raise ValueError("a version of the extract keys stands twice")

    def __repr__(self) -> str:
        return f"ExtractKeys({sorted(self._secrets)})"

    def for_purpose(self, purpose: str, version: int | None = None) -> Pseudonyms:
        """The pseudonyms of this purpose, under the newest key or that of a version. Raises `NoKey`."""
        wanted = version or max(self._secrets, default=None)
        if wanted is None or wanted not in self._secrets:
            raise NoKey(wanted)
        secret = self._secrets[wanted]
        check = _derive(secret, f"ungdom extracts: {wanted}: check", _CHECK).hex()
        return Pseudonyms(purpose, wanted, check, secret)


def _derive(secret: bytes, what: str, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=what.encode()).derive(secret)
