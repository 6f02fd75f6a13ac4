"""The envelope of a message that came in, opened: signed by a partner, or plain from a sender with a token."""

from joserfc.jwk import KeySet

from ungdom.esas import envelope
from ungdom.exchange.partners import Partner, Partners


def opened(partners: Partners, body: bytes, signed: bool) -> bytes:
    """What stands in the message. Raises `NotSigned` when a signature does not hold, or no partner's key made it."""
    if not signed:
        return body
    return envelope.verify(_text(body), KeySet([key for found in partners.keys.values() for key in found.keys]))


def of_partner(partners: Partners, word: str, body: bytes) -> tuple[Partner, bytes]:
    """The partner that calls itself this and signed the message, and what stands in it. Raises `NotSigned`."""
    failed: envelope.NotSigned | None = None
    for partner in partners.called(word):
        try:
            return partner, envelope.verify(_text(body), partners.keys[partner.name])
        except envelope.NotSigned as error:
            failed = error
    raise failed or envelope.NotSigned(envelope.Fault.UNKNOWN_KEY)


def _text(body: bytes) -> str:
    return body.decode("ascii", errors="replace").strip()
