"""The timeline as schemas."""

from ungdom import texts
from ungdom.api.timeline.schemas import EntryOut
from ungdom.workflow.views.timeline import Mark, TimelineEntry


def entry_out(entry: TimelineEntry, language: texts.Language) -> EntryOut:
    return EntryOut(
        on=entry.on,
        mark=entry.mark,
        code=entry.code,
        label=_label(entry, language),
        until=entry.until,
        days=entry.days,
        seq=entry.seq,
        status=entry.status,
        known_late=entry.known_late,
        law=entry.law,
        to_come=entry.to_come,
    )


def _label(entry: TimelineEntry, language: texts.Language) -> str:
    if entry.mark is Mark.DEADLINE:
        return texts.text(language, "deadline", entry.code)
    if entry.mark in (Mark.COMES_OF_AGE, Mark.TERM_ENDS):
        return texts.label(language, entry.mark)
    return texts.label(language, entry.code)
