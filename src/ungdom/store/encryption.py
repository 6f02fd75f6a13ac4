"""Sealing text about people: AES-256-GCM, bound to the record it belongs to, under keys that can be changed.

A sealed value is: format (1 byte), key id (4), nonce (12), ciphertext with tag. The key id says which key opens it; the
record's name is bound in, so a value copied to another record does not open.
"""

import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ungdom.settings.keys import decode_key
from ungdom.store.errors import CannotOpen

_FORMAT = b"\x01"
_ID, _NONCE, _SECRET = 4, 12, 32
_HEADER = len(_FORMAT) + _ID


@dataclass(frozen=True, slots=True, repr=False)
class _Key:
    id: bytes
    cipher: AESGCM
    hash_key: bytes


class EncryptionKeys:
    """The keys of the people store: base64 of 32 bytes each. The first one seals, all of them open.

    To change keys put the new one first, seal everything anew, then take the old one away.
    Raises `ValueError` when a key is not 32 bytes, or when there is none.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise ValueError("at least one key is needed")
        self._keys = [_key(secret) for secret in secrets]
        self._by_id = {key.id: key for key in self._keys}

    def __repr__(self) -> str:
        return f"Keys({len(self._keys)})"

    def encrypt(self, plain: bytes, record: str) -> bytes:
        """Sealed under the first key, for this record only."""
        key, nonce = self._keys[0], os.urandom(_NONCE)
        return _FORMAT + key.id + nonce + key.cipher.encrypt(nonce, plain, record.encode())

    def decrypt(self, sealed: bytes, record: str) -> bytes:
        """What was sealed for this record. Raises `CannotOpen`."""
        key = self._by_id.get(_key_id(sealed))
        if key is None:
            raise CannotOpen("sealed under a key that is not here")
        nonce, text = sealed[_HEADER : _HEADER + _NONCE], sealed[_HEADER + _NONCE :]
        try:
            return key.cipher.decrypt(nonce, text, record.encode())
        except (InvalidTag, ValueError):
            raise CannotOpen("changed, or sealed for another record") from None

    def is_newest(self, sealed: bytes) -> bool:
        """Whether it was sealed under the first key."""
        return _key_id(sealed) == self._keys[0].id

    def digest(self, text: str) -> bytes:
        """A keyed hash by which equal texts find each other, under the first key."""
        return _digest(self._keys[0], text)

    def digests(self, text: str) -> list[bytes]:
        """The keyed hashes under every key: one of them is what was stored."""
        return [_digest(key, text) for key in self._keys]


def _key(secret: str) -> _Key:
    raw = decode_key(secret)
    cipher = AESGCM(_derive(raw, b"ungdom people: seal", _SECRET))
    return _Key(_derive(raw, b"ungdom people: key id", _ID), cipher, _derive(raw, b"ungdom people: hash", _SECRET))


def _derive(secret: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose).derive(secret)


def _key_id(sealed: bytes) -> bytes:
    return sealed[len(_FORMAT) : _HEADER] if sealed.startswith(_FORMAT) else b""


def _digest(key: _Key, text: str) -> bytes:
    return hmac.new(key.hash_key, text.encode(), sha256).digest()
