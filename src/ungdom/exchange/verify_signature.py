"""The envelope of a message that came in, opened: signed by a partner, or plain from a sender with a token."""

from ungdom.esas import envelope
from ungdom.exchange.partners import Partner, Partners


def verified_content(
    partners: Partners, partner: Partner | None, sender_word: str | None, body: bytes, signed: bool
) -> bytes:
    """The content of a message that came over HTTP.

    `partner`: the one that the token was issued to, None when it is no partner's. `sender_word`: the header
    senderOrganization, None when it was not sent. Raises `NotSigned` when the message names another sender than the
    token does, or is signed by anybody else.
    """
    if sender_word is not None and (partner is None or not partners.is_called(partner, sender_word)):
        raise envelope.NotSigned(envelope.Fault.OTHER_SENDER)
    if not signed:
        return body
    if partner is None:
        raise envelope.NotSigned(envelope.Fault.OTHER_SENDER)
    return envelope.verify(_text(body), partners.keys[partner.name])


def verified_by_partner(partners: Partners, sender_word: str, body: bytes) -> tuple[Partner, bytes]:
    """The partner that calls itself this and signed the message, and what stands in it. Raises `NotSigned`."""
    failed: envelope.NotSigned | None = None
    for partner in partners.called(sender_word):
        try:
            return partner, envelope.verify(_text(body), partners.keys[partner.name])
        except envelope.NotSigned as error:
            failed = error
    raise failed or envelope.NotSigned(envelope.Fault.UNKNOWN_KEY)


def _text(body: bytes) -> str:
    return body.decode("ascii", errors="replace").strip()
