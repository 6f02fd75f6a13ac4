"""What a notice says: reference, stage, days, clock, the party waited for, a link. Never who, never of what offence."""

from collections.abc import Sequence
from datetime import date
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from ungdom import texts
from ungdom.notices.hooks import link_to
from ungdom.notices.mail import Relay
from ungdom.store.notices import Digest, Notice, Shown
from ungdom.texts import Language
from ungdom.workflow.daycount import OSLO


def when(language: Language, notice: Notice, day: date) -> str:
    """How late, or how long there is left, on that day."""
    days = notice.days_on(day)
    key = "today" if days == 0 else "late" if days > 0 else "left"
    length = texts.render(language, f"{abs(days)} {'day' if abs(days) == 1 else 'days'}")
    return texts.text(language, "notice", key, length=length, due=texts.render(language, notice.due))


def line(language: Language, notice: Notice, day: date) -> str:
    """The notice in one line: the clock, how late, who is waited for."""
    clock = texts.text(language, "deadline", notice.code)
    said = f"{clock}: {when(language, notice, day)}."
    if notice.waiting_for is None:
        return said
    party = texts.render(language, notice.waiting_for)
    return f"{said} {texts.text(language, 'notice', 'waiting', party=party)}"


def letter(
    relay: Relay, address: str, language: Language, digest: Digest, told: Sequence[Shown], public_url: str, day: date
) -> EmailMessage:
    """The e-mail of a day, plain and as HTML. Its id follows from person and day: sent again, it can be known."""
    message = EmailMessage(policy=SMTP)
    message["From"] = relay.sender
    message["To"] = address
    message["Subject"] = _subject(language, len(told))
    message["Message-ID"] = f"<{digest.digest_id}@{relay.domain}>"
    message["Date"] = format_datetime(digest.created_at.astimezone(OSLO))
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_plain(language, told, public_url, day))
    message.add_alternative(_html(language, told, public_url, day), subtype="html")
    message["Content-Language"] = language  # said before, it would move into the first part
    return message


def _subject(language: Language, count: int) -> str:
    return texts.text(language, "notice", "subject_one" if count == 1 else "subject", count=count)


def _said(language: Language, key: str) -> str:
    return texts.text(language, "notice", key)


def _plain(language: Language, told: Sequence[Shown], public_url: str, day: date) -> str:
    parts = [_said(language, "opening"), *(_entry(language, one, public_url, day) for one in told)]
    return "\n\n".join([*parts, _said(language, "closing")]) + "\n"


def _entry(language: Language, one: Shown, public_url: str, day: date) -> str:
    stage = f"{_said(language, 'stage')}: {texts.label(language, one.state)}"
    head = f"{_said(language, 'case')} {one.reference}"
    return "\n  ".join([head, line(language, one.notice, day), stage, link_to(public_url, one.notice.case_id)])


def _html(language: Language, told: Sequence[Shown], public_url: str, day: date) -> str:
    head = "".join(f"<th>{escape(_said(language, key))}</th>" for key in ("case", "what", "stage"))
    rows = "".join(_row(language, one, public_url, day) for one in told)
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"></head><body>'
        f"<p>{escape(_said(language, 'opening'))}</p>"
        f'<table border="1" cellpadding="6" style="border-collapse:collapse"><tr>{head}</tr>{rows}</table>'
        f"<p>{escape(_said(language, 'closing'))}</p></body></html>"
    )


def _row(language: Language, one: Shown, public_url: str, day: date) -> str:
    link = f'<a href="{escape(link_to(public_url, one.notice.case_id))}">{escape(one.reference)}</a>'
    cells = (link, escape(line(language, one.notice, day)), escape(texts.label(language, one.state)))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
