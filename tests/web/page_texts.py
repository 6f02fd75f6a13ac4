"""The keys of the texts that the pages can ask for: written out in a template, or put together from these words."""

import re
from pathlib import Path

from tests.service import KEY
from ungdom import web
from ungdom.alerts.sweep import SweepOutcome
from ungdom.api.http.auth.principal import SCOPES
from ungdom.api.sandbox.schemas import FaultOrder
from ungdom.api.statistics.explanation_schemas import ChangeReason, Redefinition
from ungdom.api.webhooks.schemas import DeliveryState, Kind
from ungdom.cli.keys import RECORDS
from ungdom.cli.releasing import FIGURES
from ungdom.demo import load_status
from ungdom.esas import status
from ungdom.extracts.jobs import JobStatus
from ungdom.jobs import nightly
from ungdom.jobs.nightly import NightlyStep
from ungdom.jobs.steps import all_steps
from ungdom.retention.journal import ErasureJournal
from ungdom.sandbox import exercises
from ungdom.store import job_runs
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.job_runs import KEY_ROTATION, NIGHTLY, RELEASE, RETENTION
from ungdom.web.places import ADMINISTRATION_TABLES, OFFICE_FIGURES, PLACES
from ungdom.web.receipts import UNITS
from ungdom.web.today import SORTS, Late, Whose
from ungdom.workflow.rules.escalation import AlertChange
from ungdom.worklist.checks import CHECKERS

TEMPLATES = Path(str(web.__file__)).parent / "templates"
LITERAL = re.compile(r"""\bt\((["'])([a-z_0-9.-]+)\1\s*[,)]""")

STEP_COUNTS = (
    *("decisions_tried", "decisions_settled", "decisions_failed", "decisions_left"),
    *("staff_taken_back", "staff_handed_over", "staff_refused", "terms_expired", "coordination_groups_notices"),
    *("retention_erased", "retention_unconfirmed", "retention_failed"),
    *("audit_streams", "audit_rows", "audit_findings", "audit_anchors", "audit_anchors_failed"),
    *("forecast_cases", "forecast_spells", "forecast_curves", "figures_cases", "figures_unread"),
    *("surveys_invitations_forgotten", "drafts_deleted", "release_made", "backtest_clocks"),
)
"""What the steps of a night count, apart from what is the member of an enum."""


def steps_of_a_night() -> tuple[NightlyStep, ...]:
    return all_steps(EncryptionKeys((KEY,)), ErasureJournal(Path("erasures")))


FAMILIES: dict[str, set[str]] = {
    "role": {str(role) for role in SCOPES},
    "nav": {place.key for place in PLACES},
    **{place.key: {"title"} for place in OFFICE_FIGURES},
    "explanation": {"title", *(str(state) for state in Redefinition if state is not Redefinition.NONE)}
    | {f"part.{reason}" for reason in ChangeReason},
    "table": {f"{table.key}.{part}" for table in ADMINISTRATION_TABLES for part in ("title", "lead", "empty")}
    | {
        "name",
        "subject",
        "roles",
        "service",
        "open_cases",
        "absences",
        "for_date",
        "started_at",
        "finished_at",
        "status",
        "counts",
        "at",
        "who",
        "route",
        "purpose",
        "searched",
        "about",
        "seal",
        "anchor",
        "verification",
        "checked",
        "table",
        "stream",
        "position",
        "problem",
        "konfliktrad",
        "contacts",
        "missing",
    },
    "contact": {"reached", "not_reached"},
    "webhook": set(Kind.__args__),
    "delivery": set(DeliveryState.__args__),
    "night": {job_runs.RUNNING, job_runs.SUCCEEDED, job_runs.PARTIAL, job_runs.FAILED, load_status.DONE},
    "job": {NIGHTLY, RELEASE, RETENTION, KEY_ROTATION, load_status.JOB, "extract"},
    "extract": set(JobStatus),
    "phase": {nightly.ALERTS, FIGURES, RECORDS, "cases", *(step.name for step in steps_of_a_night())},
    "simulation": {"days", "weeks", "months", "years"},
    "count": {"scanned", "steps_failed", *SweepOutcome, *STEP_COUNTS}
    | {f"alerts_{change}" for change in AlertChange}
    | {f"checks_{checker.code}" for checker in CHECKERS},
    "status": {
        status.STOP,
        status.RESUME,
        status.CLOSE,
        status.ASSIGNED,
        status.SIGNED,
        status.TRANSFERRED,
    },
    "refused": {
        f"{code}.{part}"
        for code in ("other_site", "signed_out", "form_key", "not_signed_in")
        for part in ("title", "text")
    },
    "history": {"corrected", "annulled"},
    "timeline": {"stages", "waits", "measures"},
    "today.whose": set(Whose.__args__),
    "today.late": set(Late.__args__),
    "today.sort": set(SORTS),
    "receipt": {"begun", "counted", "ordered", "same_day", "and", "moved", "binding", "norm", "stopped"}
    | {f"{unit}.{count}" for unit in UNITS.values() for count in ("one", "many")},
    "form": {"yes", "no"},
    "sandbox.name": {"indictment", "judgment", "finality"}
    | {f"official_{name}" for name in ("transfer", "indictment", "judgment", "order")},
    "sandbox.fault": set(FaultOrder.model_fields),
    "exercise": set(exercises.histories()),
    "days": {"one", "many"},
    "law": {"office norm", "ch."}
    | {f"{place} paragraph" for place in ("first", "second", "third", "fourth", "fifth", "sixth", "last")},
}
"""The beginning of a key, and how it goes on."""


def page_keys() -> set[str]:
    """Every key of the section of the pages."""
    literal = {
        match[2] for file in TEMPLATES.glob("*.html") for match in LITERAL.finditer(file.read_text(encoding="utf-8"))
    }
    assert literal
    return literal | {"language"} | {f"{start}.{end}" for start, ends in FAMILIES.items() for end in ends}
