"""Encryption of personal data: AES-256-GCM with key rotation. Each value is bound to the record it belongs to.

An encrypted value is: format (1 byte), key id (4), nonce (12), ciphertext with tag. The name of the record is
authenticated too, so that a value copied to another record cannot be decrypted.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ungdom.settings import Settings
from ungdom.settings.keys import decode_key
from ungdom.store.errors import CannotOpen, KeyLost

_FORMAT = b"\x01"
_ID, _NONCE, _SECRET = 4, 12, 32
_HEADER = len(_FORMAT) + _ID


@dataclass(frozen=True, slots=True, repr=False)
class _Key:
    id: bytes
    cipher: AESGCM
    hash_key: bytes


class EncryptionKeys:
    """The encryption keys: base64 of 32 bytes each. The first one encrypts, all of them decrypt.

    `lost`: short ids of keys that are lost for good: what only they open counts as erased. Key rotation: docs/keys.md.
    Raises `ValueError` if there is no key or a key is not 32 bytes.
    """

    def __init__(self, secrets: Sequence[str], lost: Collection[str] = ()) -> None:
        if not secrets:
            raise ValueError("at least one key is needed")
        self.lost = frozenset(lost)
        self._keys = [_key(secret) for secret in secrets]
        self._by_id = {key.id: key for key in self._keys}

    @classmethod
    def of(cls, settings: Settings) -> EncryptionKeys:
        """The keys of these settings."""
        return cls(settings.people_keys, settings.lost_keys)

    def __repr__(self) -> str:
        return f"Keys({len(self._keys)})"

    @property
    def ids(self) -> tuple[str, ...]:
        """The short ids of the keys, in their order, in hexadecimal. They reveal nothing of the keys."""
        return tuple(key.id.hex() for key in self._keys)

    def encrypt(self, plain: bytes, record: str) -> bytes:
        """Encrypts for this record with the first key."""
        key, nonce = self._keys[0], os.urandom(_NONCE)
        return _FORMAT + key.id + nonce + key.cipher.encrypt(nonce, plain, record.encode())

    def decrypt(self, sealed: bytes, record: str) -> bytes:
        """Decrypts a value of this record. Raises `CannotOpen`, and `KeyLost` where the key is declared lost."""
        key = self._by_id.get(_key_id(sealed))
        if key is None and self.is_lost(sealed):
            raise KeyLost(self.id_of(sealed))
        if key is None:
            raise CannotOpen(f"sealed under key {_key_id(sealed).hex() or '?'}, which is not here")
        nonce, text = sealed[_HEADER : _HEADER + _NONCE], sealed[_HEADER + _NONCE :]
        try:
            return key.cipher.decrypt(nonce, text, record.encode())
        except (InvalidTag, ValueError):
            raise CannotOpen("changed, or sealed for another record") from None

    def decrypt_stored(self, sealed: bytes | None, record: str) -> bytes | None:
        """As `decrypt`, of a value that may be erased; None then, and where its key is declared lost."""
        return None if sealed is None or self.is_lost(sealed) else self.decrypt(sealed, record)

    def is_lost(self, sealed: bytes) -> bool:
        """Whether only a key that is declared lost opens this value."""
        return _key_id(sealed) not in self._by_id and self.id_of(sealed) in self.lost

    @staticmethod
    def id_of(sealed: bytes) -> str:
        """The short id of the key that an encrypted value names, in hexadecimal."""
        return _key_id(sealed).hex()

    def digest(self, text: str) -> bytes:
        """Keyed hash of a text with the first key, to look up equal texts."""
        return _digest(self._keys[0], text)

    def digests(self, text: str) -> list[bytes]:
        """Keyed hashes with every key: the stored hash is one of them."""
        return [_digest(key, text) for key in self._keys]

    def oldest_hash_key(self) -> bytes:
        """What the last key makes keyed hashes with: what an installation has used so far."""
        return self._keys[-1].hash_key


def short_id(raw: bytes, purpose: str) -> str:
    """The short id of the 32 bytes of a key, in hexadecimal. `purpose`: as in `ungdom keys new --for`."""
    return _derive(raw, f"ungdom {purpose}: key id".encode(), _ID).hex()


def _key(secret: str) -> _Key:
    raw = decode_key(secret)
    cipher = AESGCM(_derive(raw, b"ungdom people: seal", _SECRET))
    return _Key(bytes.fromhex(short_id(raw, "people")), cipher, _derive(raw, b"ungdom people: hash", _SECRET))


def _derive(secret: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose).derive(secret)


def _key_id(sealed: bytes) -> bytes:
    return sealed[len(_FORMAT) : _HEADER] if sealed.startswith(_FORMAT) else b""


def _digest(key: _Key, text: str) -> bytes:
    return hmac.new(key.hash_key, text.encode(), sha256).digest()
