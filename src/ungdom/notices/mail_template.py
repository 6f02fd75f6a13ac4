"""Texts of notices: reference, state, days, clock, the party waited for, a link. Never a person or an offence."""

from collections.abc import Sequence
from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from uuid import uuid4

from ungdom import texts
from ungdom.notices.mail import Relay
from ungdom.notices.webhooks import link_of
from ungdom.store.notices import MailDigest, NoticeWithCase, UserNotice
from ungdom.texts import Language
from ungdom.workflow.calendar import OSLO
from ungdom.workflow.rules.alert_permissions import CONTACT_SUBJECT


def due_text(language: Language, notice: UserNotice, day: date) -> str:
    """The text of the days overdue, or of the days left, on that day."""
    days = notice.days_on(day)
    key = "today" if days == 0 else "late" if days > 0 else "left"
    length = texts.render(language, f"{abs(days)} {'day' if abs(days) == 1 else 'days'}")
    return texts.text(language, "notice", key, length=length, due=texts.render(language, notice.due))


def notice_label(language: Language, notice: UserNotice) -> str:
    """What the notice is about: the clock, or the review of an emergency access."""
    if notice.of_emergency:
        return texts.text(language, "notice", "emergency_access")
    return texts.text(language, "deadline", notice.code)


def notice_line(language: Language, notice: UserNotice, day: date) -> str:
    """The notice in one line: the clock, the days, the party waited for; or what a party answered for its own part."""
    clock = notice_label(language, notice)
    sentence = f"{clock}: {due_text(language, notice, day)}."
    if notice.agency and notice.reason and notice.expected_on:
        answer = {"agency": notice.agency, "reason": notice.reason, "expected": notice.expected_on}
        words = {name: texts.render(language, value) for name, value in answer.items()}
        return f"{sentence} {texts.text(language, 'notice', 'part_answered', **words)}"
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
    """The e-mail of a day, plain and as HTML. Its Message-ID follows from person and day, so a duplicate shows."""
    message = EmailMessage(policy=SMTP)
    message["From"] = relay.sender
    message["To"] = address
    message["Subject"] = texts.text(
        language, "notice", "subject_one" if len(items) == 1 else "subject", count=len(items)
    )
    message["Message-ID"] = f"<{digest.digest_id}@{relay.domain}>"
    message["Date"] = format_datetime(digest.created_at.astimezone(OSLO))
    message["Auto-Submitted"] = "auto-generated"
    signs_in = not digest.subject.startswith(CONTACT_SUBJECT)
    message.set_content(_plain_body(language, items, public_url if signs_in else None, day))
    message.add_alternative(_html_body(language, items, public_url if signs_in else None, day), subtype="html")
    message["Content-Language"] = language  # set earlier, it would move into the first part
    return message


def test_mail(relay: Relay, address: str, language: Language, public_url: str, now: datetime) -> EmailMessage:
    """An e-mail that says nothing but that e-mail arrives."""
    message = EmailMessage(policy=SMTP)
    message["From"] = relay.sender
    message["To"] = address
    message["Subject"] = _notice_text(language, "test_subject")
    message["Message-ID"] = f"<{uuid4()}@{relay.domain}>"
    message["Date"] = format_datetime(now.astimezone(OSLO))
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(texts.text(language, "notice", "test_body", service=public_url) + "\n")
    return message


def _notice_text(language: Language, key: str) -> str:
    return texts.text(language, "notice", key)


def _opening_and_closing(language: Language, public_url: str | None) -> tuple[str, str]:
    names = ("opening", "closing") if public_url else ("opening_contact", "closing_contact")
    return _notice_text(language, names[0]), _notice_text(language, names[1])


def _plain_body(language: Language, items: Sequence[NoticeWithCase], public_url: str | None, day: date) -> str:
    """The body as text. `public_url`: None for a standing contact that does not sign in: there is nothing to open."""
    case, stage = _notice_text(language, "case"), _notice_text(language, "stage")
    opening, closing = _opening_and_closing(language, public_url)
    paragraphs = (
        f"{case} {item.reference}\n"
        f"  {notice_line(language, item.notice, day)}\n"
        f"  {stage}: {texts.label(language, item.state)}"
        + (f"\n  {link_of(public_url, item.notice)}" if public_url else "")
        for item in items
    )
    return "\n\n".join([opening, *paragraphs, closing]) + "\n"


def _html_body(language: Language, items: Sequence[NoticeWithCase], public_url: str | None, day: date) -> str:
    head = "".join(f"<th>{escape(_notice_text(language, key))}</th>" for key in ("case", "what", "stage"))
    opening, closing = _opening_and_closing(language, public_url)
    rows = "".join(
        f"<tr><td>{_html_reference(item, public_url)}</td>"
        f"<td>{escape(notice_line(language, item.notice, day))}</td>"
        f"<td>{escape(texts.label(language, item.state))}</td></tr>"
        for item in items
    )
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"></head><body>'
        f"<p>{escape(opening)}</p>"
        f'<table border="1" cellpadding="6" style="border-collapse:collapse"><tr>{head}</tr>{rows}</table>'
        f"<p>{escape(closing)}</p></body></html>"
    )


def _html_reference(item: NoticeWithCase, public_url: str | None) -> str:
    if public_url is None:
        return escape(item.reference)
    return f'<a href="{escape(link_of(public_url, item.notice))}">{escape(item.reference)}</a>'
