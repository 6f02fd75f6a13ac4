"""T27: everything that can be said is said in bokmål, nynorsk and English, and nothing else stands there."""

import ast
import importlib
import inspect
import pkgutil
import re
import string
from collections.abc import Callable, Iterator
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from tests.web.page_texts import page_keys
from ungdom import texts
from ungdom.analytics import definition_types, indicators, surveys
from ungdom.analytics.comparison.funnel import ControlReading
from ungdom.analytics.definitions import BY_OUTCOME, CASELOAD_BY_CODE, COMPLETIONS, LEAD_TIMES, RECIDIVISMS, Family
from ungdom.analytics.dimensions import StatisticDimension
from ungdom.analytics.forecast.curves import ForecastBasis, ForecastStanding
from ungdom.analytics.indicators.cohorts import ONE_PART_EACH
from ungdom.analytics.jsonstat import Sign
from ungdom.api.http.errors import Unreleased
from ungdom.api.simulation.schemas import RuleBasis
from ungdom.api.statistics.explanation_schemas import ChangeReason
from ungdom.audit.findings import AuditProblem
from ungdom.esas import inbound
from ungdom.esas.envelope import Fault
from ungdom.esas.inbound.official import FlagCode, IgnoredReason
from ungdom.exchange import answers
from ungdom.extracts.catalogue import EXTRACTS
from ungdom.extracts.columns.aggregates import NumberStatus
from ungdom.extracts.columns.events import RecordStatus
from ungdom.intake.case_import import ImportOutcome
from ungdom.intake.identity import IdentityPart
from ungdom.intake.models import Advice, Outcome, Reason, Remark
from ungdom.notices.group_notices import NotReached
from ungdom.persons import subject_access
from ungdom.persons.register import PopulationKind, QuestionReason
from ungdom.persons.subject_access import DataCategory, WithheldCode
from ungdom.release.plan import RELEASED_ENDINGS
from ungdom.retention.rules import CountedFrom, RetentionCode
from ungdom.retention.run import RetentionFault
from ungdom.simulation import Turn
from ungdom.staff.hand_over import Obstacle
from ungdom.store.personalia import GuardianKind
from ungdom.store.schema.outbox import OFFICIAL_KINDS
from ungdom.store.schema.persons import PersonChangeKind
from ungdom.texts import Language, fields
from ungdom.workflow import guards, measure_list, vocabulary
from ungdom.workflow.calendar import Length
from ungdom.workflow.derived import complaints, consents, meetings, plan, team
from ungdom.workflow.errors import BadDetails
from ungdom.workflow.events import SHAPE, details_schema, read_details
from ungdom.workflow.guards.core import Guard, Value
from ungdom.workflow.payloads import enums as words
from ungdom.workflow.payloads import measure_enums
from ungdom.workflow.rules import escalation, sharing
from ungdom.workflow.rules.access import AccessPurpose, EmergencyReason, SearchReason, WithholdingCode
from ungdom.workflow.rules.deadlines import RULES, DeadlineStatus
from ungdom.workflow.views import restorative
from ungdom.workflow.views.task_rules import TaskKind
from ungdom.workflow.views.timeline import Mark
from ungdom.workflow.vocabulary import EventType, Regime, Role, Sanction, State

ENGINE = [
    "wrong_table",
    "wrong_state",
    "wrong_regime",
    "wrong_sanction",
    "case_is_closed",
    "case_begins_with_registration",
]
START_RULES = ["plan_meeting", "plan_signed", "interim_conditions"]

# Problem code → the values its detail is given.
PROBLEMS: dict[str, set[str]] = {
    "unauthenticated": set(),
    "insufficient_scope": {"scope"},
    "organisation_not_let_in": set(),
    "supplier_not_let_in": set(),
    "person_not_let_in": set(),
    "login_level_too_low": set(),
    "forbidden_role": {"role", "roles"},
    "done_by_service": set(),
    "other_office": {"own"},
    "not_in_service": set(),
    "staff_exists": {"subject"},
    "absence_overlaps": set(),
    "absence_over": set(),
    "substitute_not_available": {"substitute"},
    "systems_only": set(),
    "bad_if_match": set(),
    "not_found": set(),
    "malformed_json": {"fault"},
    "invalid_input": set(),
    "body_too_large": {"limit"},
    "precondition_required": set(),
    "stale": set(),
    "refused": {"event"},
    "idempotency_mismatch": set(),
    "response_withheld": set(),
    "idempotency_in_flight": set(),
    "bad_cursor": set(),
    "unknown_konfliktrad": {"given"},
    "unknown_member": {"given"},
    "unknown_municipality": {"given"},
    "office_mismatch": {"konfliktrad"},
    "correction_refused": {"seq", "event"},
    "use_corrections": set(),
    "use_opening": set(),
    "not_correctable": {"seq"},
    "not_insertable": {"event"},
    "wrong_place": {"seq"},
    "correction_changes_nothing": {"seq"},
    "unavailable": set(),
    "too_many_requests": set(),
    "overloaded": set(),
    "request_timeout": set(),
    "headers_too_large": set(),
    "invalid_http": set(),
    "unsupported_media_type": {"accepted"},
    "unsupported_content_encoding": set(),
    "method_not_allowed": {"method", "allowed"},
    "internal": {"trace_id"},
    "history_unreadable": {"reference", "seq"},
    "value_unreadable": set(),
    "not_acceptable": {"available"},
    "unreadable_message": {"fault"},
    "alert_cleared": set(),
    "identity_answered": set(),
    "identity_rejected": {"question"},
    "day_out_of_range": {"first", "last"},
    "day_to_come": set(),
    "feed_not_for_role": set(),
    "contact_is_their_own": set(),
    "contact_is_staff": {"subjects"},
    "contact_named_twice": set(),
    "contact_of_others": {"subject"},
    "not_waited_for": set(),
    "too_many_webhooks": {"limit"},
    "survey_token": set(),
    "survey_not_due": set(),
    "too_many_cases": {"limit"},
    "unknown_purpose": {"purpose"},
    "purpose_over": {"purpose", "until"},
    "purpose_without_extract": {"purpose", "extract"},
    "not_settled": {"latest"},
    "extracts_not_ready": set(),
    "extract_outdated": set(),
    "nothing_released": set(),
    "cases_do_not_split": set(),
    "erasure_held": set(),
    "person_erased": set(),
    "key_lost": set(),
    "not_a_merge": set(),
    "not_cleared": set(),
    "person_correction_refused": set(),
    "person_not_of_event": set(),
    "person_stale": set(),
    "person_unchanged": set(),
    "population_event_decided": set(),
    "population_event_overtaken": set(),
    "population_event_differs": set(),
    "proposal_decided": set(),
    "emergency_is_open": set(),
    "emergency_not_needed": set(),
    "emergency_reviewed": set(),
    "own_emergency_access": set(),
    "case_not_closed": set(),
    "same_person": set(),
    "second_person_needed": set(),
    "unknown_guardian": set(),
}
PARTS: dict[str, set[str]] = {
    "stale.no_version": set(),
    "stale.entry": set(),
    "history_unreadable.event_unknown": {"reference"},
    "history_unreadable.unnamed": set(),
    "unavailable.erasures": set(),
    "forbidden_role.actor": {"actors"},
    "forbidden_role.youth": {"roles"},
    "not_in_service.unknown": set(),
    "not_in_service.not_yet": {"first"},
    "not_in_service.ended": {"last"},
    "not_in_service.other_role": {"first"},
    "not_in_service.other_office": {"first"},
    "person_correction_refused.elsewhere": set(),
    "too_many_requests.subject": {"limit", "seconds"},
    "too_many_requests.address": {"limit", "seconds"},
    "too_many_requests.login": {"limit", "seconds"},
    "too_many_requests.search": {"limit", "seconds"},
    "overloaded.connections": set(),
    "other_office.municipality": {"own", "municipality", "serving"},
}
"""The other texts of problems that have several, and the values they are given."""
ENDS = ("no_end", "until")
"""Of a rule of retention that holds an erasure back: whether there is a last day."""
INVALID = (
    "missing extra_forbidden date_from_datetime_parsing date_parsing date_type enum int_parsing bool_parsing "
    "string_type string_pattern_mismatch string_too_long string_too_short too_short too_long list_type uuid_parsing "
    "model_type json_invalid value_error timezone_missing control_characters email_address webhook_url other "
    "unknown_clock clock_without_length length_is_zero selects_nothing overlapping_changes changes_nothing "
    "day_has_passed corrects_or_inserts "
    "out_of_range one_of one_of_many "
    "code_form provision_form municipality_form identity_number_form identity_number case_number_form "
    "decision_id_form purpose_form visible_form subject_form number_at_least number_at_most number_above "
    "number_below characters_at_least characters_at_most values_at_least values_at_most "
    "date_out_of_range ends_before_it_begins sort_of_the_past note_with_its_event "
    "mark_with_its_note import_key csv_first_line csv_cells "
    "cases_or_merge field_of_kind search_without_criteria "
    "office_for_role hand_over_without_substitute ids_or_filter same_person "
    "day_in_future review_day instant_in_future born_after_offence born_too_early json_repeated_name json_number "
    "form_unreadable views_full "
    "real_identity_number days_or_instant clock_in_the_past clock_too_far_ahead sent_by_other_site "
    "json_text json_encoding json_too_deep"
)
DELAY = (
    "recorded by_default day_of days_of start_stopped start_running start_ended clock_stopped clock_running "
    "without_start_stopped without_start_running without_clock_stopped without_clock_running beyond_waits "
    "investigation_out"
)
CALENDAR = "name hearing summary waiting_for"
FIGURES: list[type[StrEnum]] = [
    Sign,
    indicators.IndicatorGroup,
    definition_types.IndicatorUnit,
    definition_types.IndicatorPeriod,
    indicators.ConsentPart,
    surveys.SurveyKind,
    surveys.SurveyQuestion,
    Family,
    StatisticDimension,
]
STATISTICS = [one.code for one in (*LEAD_TIMES, *COMPLETIONS, *RECIDIVISMS, BY_OUTCOME, *CASELOAD_BY_CODE.values())]
OF_MEMBERS = {code for code in STATISTICS if code.startswith(("stage.", "wait."))}
ENDINGS_OF_ENUMS = [member for kind in (State, *ONE_PART_EACH) for member in kind]
ENDINGS = {ending for one in (*LEAD_TIMES, *COMPLETIONS, *RECIDIVISMS) for ending in one.outcomes}
NUMBERS = (
    "contents ending all cases unknown female male q1 median q3 p90 mean_of_ended over share low high by"
    " persons km_12 km_24 km_36 km_60 aj_24 aj_60 share_of_matured ratio counted_units"
)
EXTRACT_WORDS = "_T withheld unlisted earlier"
"""Codes of extracts that are members of no enum."""
EXCHANGE_PROBLEMS = ("unknown_type", "unknown_version", "implausible")
"""The kinds of problem that reading official messages adds to those of the shape."""
NOTICE = (
    "subject subject_one opening closing case what stage late left today waiting part_answered opening_contact "
    "closing_contact emergency_access test_subject test_body"
)
BOKMAL_ONLY = (
    "ikke fra hva hvem hvilken hvorfor hvert noen noe bare mer uten være høyere tidligere senere hvis "
    "påtalemyndigheten kriminalomsorgen ungdommen verge verger vergen avgjørelse avgjørelsen brudd bruddet begjæring "
    "saken loven listen måned måneder uke uker dager gjennomføringen gjennomføringstiden også alene "
    "hendelse hendelsen opplysninger rettet velg gjenopptakelse personundersøkelse mottatt oversendt fornærmede "
    "skolen helsetjenesten klagen straffen siktet opphevet avsluttet finnes forespørsel tjenesten"
)

every_language = pytest.mark.parametrize("language", texts.languages())


def enums_of(module: ModuleType) -> list[type[StrEnum]]:
    """The enums that a module defines itself."""
    return [
        found
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, StrEnum) and found.__module__ == module.__name__
    ]


def guard_modules() -> Iterator[ModuleType]:
    for module in pkgutil.iter_modules(guards.__path__):
        yield importlib.import_module(f"{guards.__name__}.{module.name}")


def guard_codes() -> set[str]:
    return {found.code for module in guard_modules() for found in vars(module).values() if isinstance(found, Guard)}


@cache
def fields_of_subject_access() -> set[str]:
    """Every field of the data about a person, as the functions that gather it write them."""
    parts = ("_person", "_guardian", "_contact", "_change", "_case", "_event", "_messages")
    parts += ("_register_events", "_observations", "_accesses")
    nodes = (node for part in parts for node in ast.walk(ast.parse(inspect.getsource(getattr(subject_access, part)))))
    keys = (key for node in nodes if isinstance(node, ast.Dict) for key in node.keys)
    return {str(key.value) for key in keys if isinstance(key, ast.Constant)} - {"history"}


@cache
def expected() -> dict[str, set[str]]:
    """Section → the keys that the code can ask for."""
    enums: list[type[StrEnum]] = [
        *enums_of(vocabulary),
        *enums_of(escalation),
        *enums_of(words),
        *enums_of(measure_enums),
        *enums_of(sharing),
        plan.MeasureStatus,
        restorative.TrackState,
        meetings.MeetingKind,
        measure_list.Availability,
        *enums_of(consents),
        *enums_of(complaints),
        team.Mandatory,
        DeadlineStatus,
        TaskKind,
        Mark,
        QuestionReason,
    ]
    return {
        **{texts.section_of(enum): {str(member) for member in enum} for enum in enums},
        "measure": set(measure_list.KIND),
        "missing_member": {str(who) for who in team.Mandatory},
        "consent_advice": {"hand_over", "hand_over_ahead", *(str(one) for one in consents.ConsentLack)},
        "deadline": {rule.code for rule in RULES},
        "start_rule": set(START_RULES),
        "fact": words_of_guards(),
        "refusal": guard_codes() | set(ENGINE),
        "contradiction": {str(part) for part in IdentityPart},
        "refusal_addition": {"leads_there", "decided", "pinned", "day"},
        "problem": {f"{code}.{part}" for code in PROBLEMS for part in ("title", "detail")} | set(PARTS),
        "invalid": set(INVALID.split()),
        **{texts.section_of(enum): {str(one) for one in enum} for enum in (Turn, RuleBasis)},
        "outcome": {str(one) for one in Outcome},
        "advice": {str(one) for one in Advice},
        "remark": {str(one) for one in Remark},
        "exchange_reason": {"kind_not_agreed", "not_as_agreed", "nothing_for_us", *(str(one) for one in IgnoredReason)},
        "exchange_flag": {"id_reused", *(str(one) for one in FlagCode)},
        "exchange_fault": {"json", *(str(one) for one in Fault)},
        "exchange_problem": set(EXCHANGE_PROBLEMS),
        "forecast_basis": {str(one) for one in ForecastBasis},
        "forecast_standing": {str(one) for one in ForecastStanding},
        "forecast": {"note", *(str(one) for one in ForecastStanding)},
        "delay": set(DELAY.split()),
        "waiting": {str(one) for one in words.WaitReason},
        "calendar": set(CALENDAR.split()),
        "access_purpose": {str(purpose) for purpose in AccessPurpose},
        "emergency_reason": {str(reason) for reason in EmergencyReason},
        "search_reason": {str(reason) for reason in SearchReason},
        "withholding_code": {str(code) for code in WithholdingCode},
        "access": {"line", "line_with_office", "withheld"},
        "indicator": {one.code for one in indicators.INDICATORS},
        **{texts.section_of(enum): {str(one) for one in enum} for enum in FIGURES},
        "statistic": {"note", *(code.split(".")[0] if code in OF_MEMBERS else code for code in STATISTICS)},
        "statistic_number": {*NUMBERS.split()} | ({*ENDINGS} | {*RELEASED_ENDINGS}) - {*map(str, ENDINGS_OF_ENUMS)},
        texts.section_of(Obstacle): {str(one) for one in Obstacle},
        texts.section_of(Unreleased): {str(one) for one in Unreleased},
        texts.section_of(NotReached): {str(one) for one in NotReached},
        texts.section_of(ImportOutcome): {str(one) for one in ImportOutcome},
        texts.section_of(AuditProblem): {str(one) for one in AuditProblem},
        **{texts.section_of(enum): {str(word) for word in enum} for enum in (RetentionCode, CountedFrom, DataCategory)},
        texts.section_of(RetentionFault): {str(one) for one in RetentionFault},
        "retention_basis": {"verified", "unverified"},
        "erasure_hold": {"open_case", "message_waits", "identity_question", *(f"retention_rule.{end}" for end in ENDS)},
        "subject_access": {"title", "intro", "nothing", "retention", "withheld", "term", "term_until", "moment"},
        "subject_access_field": fields_of_subject_access(),
        "subject_access_kind": {
            str(kind) for kind in (*PersonChangeKind, *PopulationKind, *GuardianKind, *sorted(OFFICIAL_KINDS))
        },
        "subject_access_purpose": {str(category) for category in DataCategory},
        "subject_access_withheld": {str(code) for code in WithheldCode},
        "survey": {"opening", "scale", "thanks"},
        "page": page_keys(),
        "caseload_warning": {"inflow_pushes_wait"},
        "extract": {one.name for one in EXTRACTS},
        "extract_word": {*EXTRACT_WORDS.split()} | {*map(str, (*RecordStatus, *NumberStatus))},
        texts.section_of(ControlReading): {str(one) for one in ControlReading},
        "comparison": {"no_ranking", "chance", "case_mix", "unadjusted", "overdispersed"},
        texts.section_of(ChangeReason): {str(one) for one in ChangeReason},
        "question_limit": {"mature", "party", "landmark"},
        "notice": set(NOTICE.split()),
        "anchor_mail": {"subject", "explanation"},
        "decision_reason": {f"{one}.{part}" for one in Reason for part in ("message", "resolve")},
    }


@cache
def words_of_guards() -> set[str]:
    """The plain words that guards answer with, read from their source: `Violation(None, "terms")`."""
    trees = [ast.parse(inspect.getsource(module)) for module in guard_modules()]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    answers = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Violation"]
    literals = [part.value for call in answers for part in call.args if isinstance(part, ast.Constant)]
    return {literal for literal in literals if isinstance(literal, str)}


def kinds_of_exchange() -> set[str]:
    """The kinds of problem that the readers of official messages name themselves, read from their source.

    `Problem(pointer, "missing", …)` and `PydanticCustomError("implausible", …)`.
    """
    sources = [path.read_text(encoding="utf-8") for path in Path(inbound.__path__[0]).glob("*.py")]
    calls = [node for source in sources for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    places = {"Problem": 1, "PydanticCustomError": 0}
    named = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in places]
    kinds = [call.args[places[ast.unparse(call.func)]] for call in named]
    return {kind.value for kind in kinds if isinstance(kind, ast.Constant) and isinstance(kind.value, str)}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def flat(language: Language) -> dict[tuple[str, str], str]:
    return {(section, key): text for section, body in texts.catalogue(language).items() for key, text in body.items()}


@pytest.mark.parametrize("section", expected())
@every_language
def test_a_section_says_what_the_code_can_ask_and_no_more(language: Language, section: str) -> None:
    keys, needed = set(texts.catalogue(language)[section]), expected()[section]
    missing, unused = sorted(needed - keys), sorted(keys - needed)

    assert not missing, f"section [{section}] of src/ungdom/texts/{language}.toml lacks {', '.join(missing)}"
    assert not unused, (
        f"nothing asks for {', '.join(unused)} in section [{section}] of src/ungdom/texts/{language}.toml"
    )


def test_there_is_a_catalogue_for_every_language_and_a_language_for_every_catalogue() -> None:
    folder = Path(texts.__file__).parent
    files = {path.stem for path in folder.glob("*.toml")} - {"code_words"}
    of_fields = {path.stem for path in (folder / "fields").glob("*.toml")}
    known = set(texts.languages())
    lacking = [f"src/ungdom/texts/{x}.toml" for x in known - files]
    lacking += [f"src/ungdom/texts/fields/{x}.toml" for x in known - of_fields]

    assert not lacking, f"copy those of nb.toml and translate them: {', '.join(lacking)}"
    assert files | of_fields == known, f"Language in src/ungdom/texts/__init__.py lacks {files | of_fields - known}"
    assert {texts.negotiate(x) for x in known} == known, (
        "a language has no tag in _TAGS of src/ungdom/texts/__init__.py"
    )


def fields_of_payloads() -> Iterator[str]:
    """The key of every field of an event: that which is described, or `Payload.field` where none is."""
    for kind in EventType:
        schema = details_schema(kind)
        for owner, shape in [(SHAPE[kind].__name__, schema), *schema.get("$defs", {}).items()]:
            yield from (fields.key_of(name, (owner,)) or f"{owner}.{name}" for name in shape.get("properties", {}))


@every_language
def test_every_field_of_an_event_is_described(language: Language) -> None:
    missing = set(fields_of_payloads()) - set(fields.catalogue(language))

    assert not missing, f"src/ungdom/texts/fields/{language}.toml lacks {', '.join(sorted(missing))}"


@every_language
def test_the_fields_that_people_fill_in_are_described_in_every_language(language: Language) -> None:
    """Those of the other languages are the labelled ones of the English catalogue, which has every field."""
    labelled = {key for key, field in fields.catalogue("en").items() if field.label}

    assert labelled
    assert {key for key, field in fields.catalogue(language).items() if field.label} == labelled, (
        f"src/ungdom/texts/fields/{language}.toml has a label and a help text per field that is filled in"
    )


def test_nothing_is_missing_in_any_language(figure: Callable[[str], None]) -> None:
    wanted = [(x, section, key) for x in texts.languages() for section, keys in expected().items() for key in keys]
    missing = [(x, section, key) for x, section, key in wanted if not texts.catalogue(x).get(section, {}).get(key)]

    figure(f"texts: {len(missing)} missing of {len(wanted)}, in {len(texts.languages())} languages")

    assert {x for x, _, _ in wanted} == set(texts.languages()) >= {"nb", "nn", "en"}
    assert missing == []


@every_language
def test_the_catalogues_have_the_same_keys_in_the_same_order(language: Language) -> None:
    assert list(flat(language)) == list(flat("nb"))
    assert set(texts.catalogue(language)) == {*expected(), "word"}


@every_language
def test_the_same_placeholders_stand_in_every_language(language: Language) -> None:
    bokmal = {key: placeholders(text) for key, text in flat("nb").items()}
    assert {key: placeholders(text) for key, text in flat(language).items()} == bokmal


@every_language
def test_a_refusal_asks_only_for_what_it_is_given(language: Language) -> None:
    given = {"current", "needed", "earliest", "low", "high", "named"}
    asked = {code: placeholders(text) for code, text in texts.catalogue(language)["refusal"].items()}
    assert set().union(*asked.values()) == given


@every_language
def test_a_problem_names_the_values_it_is_given(language: Language) -> None:
    problem = texts.catalogue(language)["problem"]
    assert {code: placeholders(problem[f"{code}.detail"]) for code in PROBLEMS} == PROBLEMS
    assert {key: placeholders(problem[key]) for key in PARTS} == PARTS
    assert [code for code in PROBLEMS if placeholders(problem[f"{code}.title"])] == []


@every_language
def test_labels_have_no_placeholders_and_begin_with_a_capital(language: Language) -> None:
    sentences = {
        "word",
        "refusal",
        "contradiction",
        "refusal_addition",
        "problem",
        "invalid",
        "forecast",
        "delay",
        "waiting",
        "calendar",
        "notice",
        "access",
    }
    sentences |= {"page", "caseload_warning", "statistic", "statistic_number", "erasure_hold", "subject_access"}
    sentences |= {"subject_access_withheld", "comparison", "anchor_mail"}
    labels = {key: text for key, text in flat(language).items() if key[0] not in sentences}
    assert labels
    assert [key for key, text in labels.items() if placeholders(text) or not text[0].isupper()] == []


@every_language
def test_texts_are_tidy(language: Language) -> None:
    assert [key for key, text in flat(language).items() if text != " ".join(text.split())] == []
    ends = (".", "Accept.", "_ : -")
    whole = ("refusal", "invalid", "exchange_flag", "exchange_fault", "exchange_problem")
    told = {key: text for key, text in flat(language).items() if key[0] in whole}
    assert {section for section, _ in told} == {*whole}
    assert [key for key, text in told.items() if not text.endswith(ends)] == []


def test_nynorsk_is_nynorsk() -> None:
    bokmal, nynorsk = flat("nb"), flat("nn")
    sentences = [key for key in bokmal if key[0] in ("refusal", "problem", "invalid")]
    labels = [key for key in bokmal if key[0] not in ("refusal", "problem", "invalid", "word")]
    assert sum(bokmal[key] != nynorsk[key] for key in sentences) > len(sentences) * 0.98
    assert sum(bokmal[key] != nynorsk[key] for key in labels) > len(labels) / 2
    strip = str.maketrans("", "", ".,;:«»()")
    bokmal_only = set(BOKMAL_ONLY.split())
    found = {key: bokmal_only & set(text.lower().translate(strip).split()) for key, text in nynorsk.items()}
    assert {key: wrong for key, wrong in found.items() if wrong} == {}


def test_one_word_for_the_prosecution_in_nynorsk() -> None:
    texts_of = {key: text.lower() for key, text in flat("nn").items()}
    assert any("påtalemakt" in text for text in texts_of.values())
    assert [key for key, text in texts_of.items() if "påtalemyndig" in text] == []


SAMPLES: list[Value] = [
    None,
    False,
    0,
    date(2025, 5, 8),
    State.EXECUTING,
    "120 days",
    ["120 days", "2 years"],
    [str(state) for state in State],
    [],
]


@pytest.mark.parametrize("code", sorted(expected()["refusal"]))
@every_language
def test_a_refusal_is_filled_in_whatever_the_guard_found(language: Language, code: str) -> None:
    for value in SAMPLES:
        said = texts.refusal(language, code, value, value, date(2025, 5, 8))
        assert not set("{}[]") & set(said)
        assert "None" not in said
        assert "False" not in said


@every_language
def test_the_words_of_guards_are_never_shown_raw(language: Language) -> None:
    words = list(words_of_guards())
    assert words
    assert [word for word in words if not texts.label(language, word)[0].isupper()] == []


WANTED = [
    (None, "nb"),
    ("", "nb"),
    ("nb-NO", "nb"),
    ("no", "nb"),
    ("NN-no", "nn"),
    ("nn-NO,nn;q=0.9,no;q=0.8,nb;q=0.7,en;q=0.5", "nn"),
    ("en-GB,en;q=0.9", "en"),
    ("de", "nb"),
    ("de, fr;q=0.9, en;q=0.1", "en"),
    ("en;q=0.5, nn;q=0.7", "nn"),
    ("en, nb", "en"),
    ("nb, en", "nb"),
    ("*", "nb"),
    ("en;q=0.2, *", "nb"),
    ("nb;q=0.1, *;q=0.5", "nn"),
    ("nb;q=0, *", "nn"),
    ("nb;q=0, nn;q=0, *", "en"),
    ("en;q=0", "nb"),
    ("nb;q=0.3, no;q=0.9, en;q=0.5", "nb"),
    ("en;q=1.5, nn;q=0.1", "nn"),
    ("en;q=x", "nb"),
    (";;;,,, en ; q=0.4 ,", "en"),
    ("sv-SE-x-private, en-US;q=0.001", "en"),
]


@pytest.mark.parametrize(("header", "language"), WANTED)
def test_the_language_asked_for_most_is_picked(header: str | None, language: Language) -> None:
    assert texts.negotiate(header) == language


RENDERED = [
    (None, "–", "–", "–"),
    (True, "ja", "ja", "yes"),
    (False, "nei", "nei", "no"),
    (0, "0", "0", "0"),
    (date(2025, 5, 8), "8. mai 2025", "8. mai 2025", "8 May 2025"),
    ("2024-12-01", "1. desember 2024", "1. desember 2024", "1 December 2024"),
    ("2025-02-30", "2025-02-30", "2025-02-30", "2025-02-30"),
    ("120 days", "120 dager", "120 dagar", "120 days"),
    (Length(months=6), "6 måneder", "6 månader", "6 months"),
    (Length(years=1, weeks=1), "1 år og 1 uke", "1 år og 1 veke", "1 year and 1 week"),
    (Length(), "0 dager", "0 dagar", "0 days"),
    (State.PREPARING, "under forberedelse", "under førebuing", "being prepared"),
    ("preparing", "under forberedelse", "under førebuing", "being prepared"),
    (State.CONSENT_WITHDRAWN, "samtykke trukket", "samtykke trekt", "consent withdrawn"),
    (EventType.PLAN_MEETING_HELD, "ungdomsplanmøte holdt", "ungdomsplanmøte halde", "youth plan meeting held"),
    (Regime.R2, "reglene fra 1. desember 2024", "reglane frå 1. desember 2024", "rules from 1 December 2024"),
    ([words.By.YOUTH, words.By.GUARDIAN], "ungdommen eller vergen", "ungdomen eller verja", "youth or guardian"),
    (["a", "b", "c"], "a, b eller c", "a, b eller c", "a, b or c"),
    (["2025-05-08"], "8. mai 2025", "8. mai 2025", "8 May 2025"),
    ([], "–", "–", "–"),
    ((), "–", "–", "–"),
    ("KR-7", "KR-7", "KR-7", "KR-7"),
]


@pytest.mark.parametrize(("value", "nb", "nn", "en"), RENDERED)
def test_a_value_is_rendered_for_the_middle_of_a_sentence(value: object, nb: str, nn: str, en: str) -> None:
    assert [texts.render("nb", value), texts.render("nn", value), texts.render("en", value)] == [nb, nn, en]


@every_language
def test_a_rendered_value_stays_as_it_is(language: Language) -> None:
    once = [texts.render(language, value) for value, *_ in RENDERED]
    assert [texts.render(language, said) for said in once] == once


def test_every_month_has_its_name() -> None:
    months = [texts.render("nn", date(2025, month, 1)) for month in range(1, 13)]
    assert len(set(months)) == 12
    assert months[11] == "1. desember 2025"


def test_a_label_stands_alone() -> None:
    assert texts.label("nb", Role.LEADER) == "Konfliktrådsleder"
    assert texts.label("nn", Sanction.YOUTH_SANCTION) == "Ungdomsstraff"
    assert texts.label("en", DeadlineStatus.OVERDUE) == "Overdue"


def test_a_word_without_its_section_is_a_state_before_it_is_an_event() -> None:
    assert texts.label("nb", "appealed") == "Anket"
    assert texts.label("nb", EventType.APPEALED) == "Dom anket"


def test_an_unknown_word_has_no_label() -> None:
    with pytest.raises(KeyError):
        texts.label("nb", "no_such_word")


def test_a_refusal_reads_as_a_sentence() -> None:
    turns_18 = date(2025, 5, 8)
    assert texts.refusal("nb", "guardians_consent", 1, 2, turns_18) == (
        "Samtykke er registrert fra 1 av 2 verger. Registrer samtykket fra de andre; "
        "fra 8. mai 2025 er ungdommen myndig og samtykker alene."
    )
    assert texts.refusal("nn", "sanction_length_within_law", "90 days", ["120 days", "2 years"], None).startswith(
        "Gjennomføringstida er sett til 90 dagar. Ho må vere minst 120 dagar og høgst 2 år;"
    )


def test_a_long_list_of_states_is_named_in_part() -> None:
    some = texts.refusal("nb", "wrong_state", State.REGISTERED, [str(state) for state in State], None)
    assert "«under etterforskning», «egnethet og samtykke vurderes», " in some
    assert f"eller på et av {len(State) - 4} andre trinn" in some
    few = texts.refusal("en", "wrong_state", State.REGISTERED, [State.RECEIVED, State.PREPARING], None)
    assert few.endswith("when the case stands as ‘received by the mediation service’ or ‘being prepared’.")


WRONG = [
    (EventType.INDICTED, {}, "missing"),
    (EventType.INDICTED, {"court_received_on": "x"}, "date_from_datetime_parsing"),
    (EventType.INDICTED, {"court_received_on": "2025-01-01T10:00:00"}, "date_parsing"),
    (EventType.INDICTED, {"court_received_on": []}, "date_type"),
    (EventType.INDICTED, [], "model_type"),
    (EventType.DISPATCHED, {"extra": 1}, "extra_forbidden"),
    (EventType.APPEALED, {"by": "x"}, "enum"),
    (EventType.TRANSFERRED_TO_FOLLOW_UP, {"length": {"days": "x"}, "guilt_proven": True}, "int_parsing"),
    (EventType.TRANSFERRED_TO_FOLLOW_UP, {"length": {"days": 1.5}, "guilt_proven": True}, "int_parsing"),
    (EventType.TRANSFERRED_TO_FOLLOW_UP, {"length": {}, "guilt_proven": "perhaps"}, "bool_parsing"),
    (EventType.TRANSFERRED_TO_FOLLOW_UP, {"length": {}, "guilt_proven": []}, "bool_parsing"),
    (EventType.TEAM_MEMBER_LEFT, {"member": 3}, "string_type"),
    (EventType.TEAM_MEMBER_LEFT, {"member": "a b"}, "code_form"),
    (EventType.NOTE_ADDED, {"note": "x"}, "uuid_parsing"),
    (EventType.SHARING_CONSENT_GIVEN, {"by": "youth", "scope": [], "recipients": ["school"]}, "too_short"),
    (EventType.SHARING_CONSENT_GIVEN, {"by": "youth", "scope": ["plan"], "recipients": "school"}, "list_type"),
]


@pytest.mark.parametrize(("event", "raw", "key"), WRONG)
def test_a_wrong_shape_is_explained(event: EventType, raw: object, key: str) -> None:
    with pytest.raises(BadDetails) as caught:
        read_details(event, raw)
    [problem] = caught.value.problems
    assert texts.invalid("nb", problem.kind, problem.values) == texts.catalogue("nb")["invalid"][key]


def test_an_unheard_of_shape_problem_gets_the_general_sentence() -> None:
    assert texts.invalid("en", "no_such_kind") == texts.catalogue("en")["invalid"]["other"]


def test_every_kind_of_problem_in_an_official_message_has_its_own_sentence() -> None:
    """Those of the shape have theirs already; the rest are the problems of the exchange, none of them a flag's code."""
    general = texts.invalid("nb", "no_such_kind")

    assert {kind for kind in kinds_of_exchange() if texts.invalid("nb", kind) == general} == set(EXCHANGE_PROBLEMS)
    assert set(EXCHANGE_PROBLEMS) & {"id_reused", *FlagCode} == set()


@every_language
def test_what_is_odd_in_an_official_message_is_said_for_flags_problems_and_shapes(language: Language) -> None:
    known = texts.catalogue(language)
    assert answers.flag_text(language, "id_reused") == known["exchange_flag"]["id_reused"]
    assert answers.flag_text(language, FlagCode.BLANK) == known["exchange_flag"]["blank"]
    assert answers.flag_text(language, "implausible") == known["exchange_problem"]["implausible"]
    assert answers.flag_text(language, "datetime_parsing") == known["invalid"]["timezone_missing"]
    assert answers.flag_text(language, "no_such_kind") == known["invalid"]["other"]


def test_every_word_of_the_code_is_one_sentence_and_names_paths_that_exist() -> None:
    words = texts.code_words()
    root = Path(texts.__file__).parents[1]
    paths = [found for sentence in words.values() for found in re.findall(r"`([\w/]+(?:/|\.py))`", sentence)]

    assert list(words) == sorted(words)
    assert [term for term, sentence in words.items() if not sentence.endswith(".")] == []
    assert len(paths) >= len(words)
    assert [path for path in paths if not (root / path).exists()] == []


def test_texts_know_only_the_workflow() -> None:
    tree = ast.parse(Path(texts.__file__).read_text(encoding="utf-8"))
    names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {".".join(name.split(".")[:2]) for name in names if name.startswith("ungdom")} == {"ungdom.workflow"}
