"""Verification of received messages: signed by a partner, or plain from a sender with a token."""

from ungdom.esas import envelope
from ungdom.exchange.partners import Partner, Partners


def verified_content(
    partners: Partners, partner: Partner | None, sender_word: str | None, body: bytes, signed: bool
) -> bytes:
    """The content of a message received over HTTP.

    `partner`: the one that the token was issued to; None if it was issued to no partner. `sender_word`: the header
    senderOrganization; None without it. Raises `NotSigned` if the header or the signature is not that of `partner`.
    """
    if sender_word is not None and (partner is None or not partners.is_called(partner, sender_word)):
        raise envelope.NotSigned(envelope.Fault.OTHER_SENDER)
    if not signed:
        return body
    if partner is None:
        raise envelope.NotSigned(envelope.Fault.OTHER_SENDER)
    return envelope.verify(_text(body), partners.keys[partner.name])


def verified_by_partner(partners: Partners, sender_word: str, body: bytes) -> tuple[Partner, bytes]:
    """The partner with this sender word whose key verifies the message, and the content. Raises `NotSigned`."""
    failed: envelope.NotSigned | None = None
    for partner in partners.called(sender_word):
        try:
            return partner, envelope.verify(_text(body), partners.keys[partner.name])
        except envelope.NotSigned as error:
            failed = error
    raise failed or envelope.NotSigned(envelope.Fault.UNKNOWN_KEY)


def _text(body: bytes) -> str:
    return body.decode("ascii", errors="replace").strip()
