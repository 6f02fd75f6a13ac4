"""Notices as schemas."""

from datetime import date

from ungdom import texts
from ungdom.api.http.present import from_source
from ungdom.api.notices.schemas import NoticeOut
from ungdom.notices import mail_template, webhooks
from ungdom.store.notices import NoticeWithCase
from ungdom.workflow.rules.permissions import may_read_cases
from ungdom.workflow.vocabulary import PHASE


def notice_out(entry: NoticeWithCase, language: texts.Language, day: date, public_url: str) -> NoticeOut:
    notice = entry.notice
    reads_cases = may_read_cases(notice.viewer.role)
    return from_source(
        NoticeOut,
        notice,
        id=notice.notice_id,
        reference=entry.reference,
        state=entry.state if reads_cases else None,
        state_label=texts.label(language, entry.state) if reads_cases else None,
        phase=PHASE[entry.state] if reads_cases else None,
        label=mail_template.notice_label(language, notice),
        days=notice.days_on(day),
        text=mail_template.notice_line(language, notice, day),
        link=webhooks.link_of(public_url, notice),
    )
