"""Notices as schemas."""

from datetime import date

from ungdom import texts
from ungdom.api.notices.schemas import NoticeOut
from ungdom.notices import mail_template, webhooks
from ungdom.store.notices import NoticeWithCase
from ungdom.workflow.vocabulary import PHASE


def notice_out(entry: NoticeWithCase, language: texts.Language, day: date, public_url: str) -> NoticeOut:
    notice = entry.notice
    return NoticeOut(
        id=notice.notice_id,
        kind=notice.kind,
        alert_id=notice.alert_id,
        case_id=notice.case_id,
        reference=entry.reference,
        state=entry.state,
        state_label=texts.label(language, entry.state),
        phase=PHASE[entry.state],
        code=notice.code,
        label=texts.text(language, "deadline", notice.code),
        level=notice.level,
        due=notice.due,
        days=notice.days_on(day),
        waiting_for=notice.waiting_for,
        text=mail_template.notice_line(language, notice, day),
        link=webhooks.link_to(public_url, notice.case_id),
        at=notice.at,
        read_at=notice.read_at,
        ended_at=notice.ended_at,
    )
