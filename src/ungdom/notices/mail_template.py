"""What a notice says: reference, stage, days, clock, the party waited for, a link. Never who, never of what offence."""

from collections.abc import Sequence
from datetime import date
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from ungdom import texts
from ungdom.notices.mail import Relay
from ungdom.notices.webhooks import link_to
from ungdom.store.notices import MailDigest, NoticeWithCase, UserNotice
from ungdom.texts import Language
from ungdom.workflow.calendar import OSLO


def due_text(language: Language, notice: UserNotice, day: date) -> str:
    """How late, or how long there is left, on that day."""
    days = notice.days_on(day)
    key = "today" if days == 0 else "late" if days > 0 else "left"
    length = texts.render(language, f"{abs(days)} {'day' if abs(days) == 1 else 'days'}")
    return texts.text(language, "notice", key, length=length, due=texts.render(language, notice.due))


def notice_line(language: Language, notice: UserNotice, day: date) -> str:
    """The notice in one line: the clock, how late, who is waited for."""
    clock = texts.text(language, "deadline", notice.code)
    sentence = f"{clock}: {due_text(language, notice, day)}."
    if notice.waiting_for is None:
        return sentence
    party = texts.render(language, notice.waiting_for)
    return f"{sentence} {texts.text(language, 'notice', 'waiting', party=party)}"


def daily_mail(
    relay: Relay,
    address: str,
    language: Language,
    digest: MailDigest,
    items: Sequence[NoticeWithCase],
    public_url: str,
    day: date,
) -> EmailMessage:
    """The e-mail of a day, plain and as HTML. Its id follows from person and day: sent again, it can be known."""
    message = EmailMessage(policy=SMTP)
    message["From"] = relay.sender
    message["To"] = address
    message["Subject"] = _subject(language, len(items))
    message["Message-ID"] = f"<{digest.digest_id}@{relay.domain}>"
    message["Date"] = format_datetime(digest.created_at.astimezone(OSLO))
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_plain_body(language, items, public_url, day))
    message.add_alternative(_html_body(language, items, public_url, day), subtype="html")
    message["Content-Language"] = language  # said before, it would move into the first part
    return message


def _subject(language: Language, count: int) -> str:
    return texts.text(language, "notice", "subject_one" if count == 1 else "subject", count=count)


def _notice_text(language: Language, key: str) -> str:
    return texts.text(language, "notice", key)


def _plain_body(language: Language, items: Sequence[NoticeWithCase], public_url: str, day: date) -> str:
    parts = [_notice_text(language, "opening"), *(_plain_item(language, item, public_url, day) for item in items)]
    return "\n\n".join([*parts, _notice_text(language, "closing")]) + "\n"


def _plain_item(language: Language, item: NoticeWithCase, public_url: str, day: date) -> str:
    stage = f"{_notice_text(language, 'stage')}: {texts.label(language, item.state)}"
    head = f"{_notice_text(language, 'case')} {item.reference}"
    return "\n  ".join([head, notice_line(language, item.notice, day), stage, link_to(public_url, item.notice.case_id)])


def _html_body(language: Language, items: Sequence[NoticeWithCase], public_url: str, day: date) -> str:
    head = "".join(f"<th>{escape(_notice_text(language, key))}</th>" for key in ("case", "what", "stage"))
    rows = "".join(_html_row(language, item, public_url, day) for item in items)
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"></head><body>'
        f"<p>{escape(_notice_text(language, 'opening'))}</p>"
        f'<table border="1" cellpadding="6" style="border-collapse:collapse"><tr>{head}</tr>{rows}</table>'
        f"<p>{escape(_notice_text(language, 'closing'))}</p></body></html>"
    )


def _html_row(language: Language, item: NoticeWithCase, public_url: str, day: date) -> str:
    link = f'<a href="{escape(link_to(public_url, item.notice.case_id))}">{escape(item.reference)}</a>'
    cells = (link, escape(notice_line(language, item.notice, day)), escape(texts.label(language, item.state)))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
