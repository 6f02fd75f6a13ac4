"""The timeline as schemas."""

from ungdom import texts
from ungdom.api.http.present import from_source
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.timeline.schemas import EntryOut, Timeline
from ungdom.cases import CaseView
from ungdom.workflow import redaction
from ungdom.workflow.views.timeline import Mark, TimelineEntry, timeline


def timeline_out(read: CaseView, as_of: AsOfOut, language: texts.Language) -> Timeline:
    """The entries that the reader may learn of."""
    visible = (
        entry for entry in timeline(read.case, read.on) if redaction.may_learn_entry(read, entry.mark, entry.code)
    )
    numbers = read.numbers
    return Timeline(
        as_of=as_of,
        items=[
            from_source(EntryOut, entry, label=_label(entry, language), seq=numbers.get(entry.seq or 0))
            for entry in visible
        ],
    )


def _label(entry: TimelineEntry, language: texts.Language) -> str:
    if entry.mark is Mark.DEADLINE:
        return texts.text(language, "deadline", entry.code)
    if entry.mark in (Mark.COMES_OF_AGE, Mark.TERM_ENDS):
        return texts.label(language, entry.mark)
    return texts.label(language, entry.code)
