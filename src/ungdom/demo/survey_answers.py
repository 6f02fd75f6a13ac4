"""Survey answers of invented youths and guardians: counts and answers by group, as they would be stored. No person."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from ungdom.analytics.surveys import HIGHEST_GRADE, LOWEST_GRADE, OCCASIONS, SurveyKind, newest_questionnaire
from ungdom.analytics.surveys.inviting import occasion_events
from ungdom.demo.case_generator import GeneratedCase
from ungdom.store import surveys
from ungdom.store.session import Connection
from ungdom.store.surveys import SurveyGroup, SurveyGroupCounts
from ungdom.workflow.calendar import quarter_of
from ungdom.workflow.payloads import By

ASKED_SINCE = date(2024, 1, 1)
"""The first day of the surveys of the demo. Those of the service begin later."""
ASKED, ANSWERED = 0.9, {By.YOUTH: 0.55, By.GUARDIAN: 0.45}
"""The share of the occasions on which somebody is invited, and of the invitations that are answered."""
MEAN, SPREAD = 3.8, 1.0
DAYS_LATER = 20
"""An invitation is handed over at most so many days after the event."""
BITS = 128


@dataclass(slots=True)
class SurveyResults:
    """The counts and answers so far."""

    counts: dict[SurveyGroup, list[int]] = field(default_factory=dict)
    answers: list[dict[str, Any]] = field(default_factory=list)

    def add(self, generated: GeneratedCase, rng: Random, today: date) -> None:
        """The invitations of one case, and what was answered, until the day."""
        for kind, respondent, on in _invitations(generated, rng, today):
            group = SurveyGroup(generated.konfliktrad, generated.sanction, kind, respondent, quarter_of(on))
            count = self.counts.setdefault(group, [0, 0])
            count[0] += 1
            if rng.random() < ANSWERED[respondent]:
                count[1] += 1
                self.answers.append(_answer(group, kind, rng))

    def write(self, tx: Connection) -> None:
        """Store them."""
        counted = [SurveyGroupCounts(group, invited, answered) for group, (invited, answered) in self.counts.items()]
        surveys.add_results(tx, counted, self.answers)


def _invitations(generated: GeneratedCase, rng: Random, today: date) -> Iterator[tuple[SurveyKind, By, date]]:
    """The occasion, respondent and day of each invitation of a case."""
    for occasion in OCCASIONS:
        for event in occasion_events(occasion, generated.case):
            on = event.occurred_on + timedelta(days=rng.randint(0, DAYS_LATER))
            if not ASKED_SINCE <= on <= today:
                continue
            respondents = [By.YOUTH, *([By.GUARDIAN] * generated.case.guardians_on(on))]
            yield from ((occasion.kind, respondent, on) for respondent in respondents if rng.random() < ASKED)


def _answer(group: SurveyGroup, kind: SurveyKind, rng: Random) -> dict[str, Any]:
    questionnaire = newest_questionnaire(kind)
    grades = {
        str(question): min(HIGHEST_GRADE, max(LOWEST_GRADE, round(rng.gauss(MEAN, SPREAD))))
        for question in questionnaire.questions
    }
    answer_id = UUID(int=rng.getrandbits(BITS), version=4)
    return {"answer_id": answer_id, "group": group, "version": questionnaire.version, "grades": grades}
