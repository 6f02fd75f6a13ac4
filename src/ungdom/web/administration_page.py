"""Staff, nights, the access log and the state of the hash chains, as tables for whoever may see each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import RedirectResponse

from ungdom import texts
from ungdom.api.access_log.routes import list_accesses
from ungdom.api.access_log.schemas import AccessList, AccessQuery
from ungdom.api.audit.routes import get_audit
from ungdom.api.audit.schemas import AuditOut
from ungdom.api.coordination_groups.routes import list_coordination_groups
from ungdom.api.coordination_groups.schemas import CoordinationGroupList
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.inputs import NoQuery
from ungdom.api.http.pagination import PageQuery
from ungdom.api.jobs.routes import list_nightly_runs
from ungdom.api.jobs.schemas import RunList
from ungdom.api.staff.routes import list_staff
from ungdom.api.staff.schemas import StaffList, StaffQuery
from ungdom.message.text import CursorText, ReferenceText
from ungdom.texts import Language
from ungdom.texts.numbers import number
from ungdom.web import formats
from ungdom.web.night_counts import counts_in_words
from ungdom.web.page import answer, data_of
from ungdom.web.places import ADMINISTRATION, ADMINISTRATION_TABLES, CONTACTS
from ungdom.web.queries import PageForm, address_of
from ungdom.web.templating import SECTION
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.rules.access import AccessPurpose, SearchReason
from ungdom.workflow.vocabulary import Role

router = APIRouter(include_in_schema=False)

ROWS = 50
STAFF, _CONTACTS, _WEBHOOKS, _JOBS, NIGHTS, ACCESS, AUDIT = (table.path for table in ADMINISTRATION_TABLES)


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `columns`: keys of their texts, after `table.`; a cell of `rows` that is a list is drawn as one.

    `links`: where the first cell of each row leads, for every row or none. `following`: the cursor of the next page;
    `filters`: what is asked for, by the name of the field; `state`: facts that stand above the table. `folded`: the
    column whose long lists are shown when they are opened.
    """

    path: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | list[str]]]
    following: str | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    state: Mapping[str, str] = field(default_factory=dict)
    links: Sequence[str] = ()
    folded: str | None = None


class TableQuery(PageForm):
    """Which page of a table."""

    cursor: CursorText | None = None


class AccessLogQuery(TableQuery):
    """Whose accesses."""

    subject: ReferenceText | None = None


@router.get(ADMINISTRATION.path)
def administration(context: ReadContext) -> Response:
    """To the first table that the role may see. Raises `RoleNotAllowed` where there is none."""
    context.require_role(ADMINISTRATION.may)
    role = context.principal.viewer.role
    return RedirectResponse(next(table.path for table in ADMINISTRATION_TABLES if table.may(role)), 303)


@router.get(STAFF, response_model=StaffList)
def staff_table(request: Request, context: ReadContext, query: Annotated[TableQuery, Query()]) -> Response:
    """Who works where, who is away, and how many cases each has."""
    data = data_of(list_staff(context, StaffQuery(limit=ROWS, cursor=query.cursor)))
    language = context.language

    def row(member: dict[str, Any]) -> list[str]:
        roles = ", ".join(texts.label(language, Role(role)) for role in member["roles"])
        service = _days(language, member["active_from"], member["active_to"])
        absences = [span for span in member["absences"] if span["last_day"] >= str(context.today)]  # not over
        return [
            member["name"],
            member["subject"],
            roles,
            service,
            str(member["open_cases"]),
            ", ".join(_days(language, span["first_day"], span["last_day"]) for span in absences) or "–",
        ]

    columns = ("name", "subject", "roles", "service", "open_cases", "absences")
    rows = [row(member) for member in data["items"]]
    return _table(request, context, Table(STAFF, columns, rows, data["next"]))


@router.get(CONTACTS.path, response_model=CoordinationGroupList)
def contacts_table(request: Request, context: ReadContext, query: Annotated[TableQuery, Query()]) -> Response:
    """Who is notified for each agency before the execution starts, and which fixed members have nobody."""
    data = data_of(list_coordination_groups(context, PageQuery(limit=ROWS, cursor=query.cursor)))
    language = context.language

    def named(contact: dict[str, Any]) -> str:
        reached = "reached" if contact["reachable"] else "not_reached"
        return f"{contact['agency_label']}: {contact['name']} ({texts.text(language, SECTION, f'contact.{reached}')})"

    def row(group: dict[str, Any]) -> list[str | list[str]]:
        missing = ", ".join(texts.label(language, Attendee(agency)) for agency in group["missing"])
        return [group["konfliktrad_name"], [named(contact) for contact in group["contacts"]], missing or "–"]

    rows = [row(group) for group in data["items"]]
    links = [f"{CONTACTS.path}/{group['konfliktrad']}" for group in data["items"]]
    columns = ("konfliktrad", "contacts", "missing")
    return _table(request, context, Table(CONTACTS.path, columns, rows, data["next"], links=links))


@router.get(NIGHTS, response_model=RunList)
def nights_table(request: Request, context: ReadContext, query: Annotated[TableQuery, Query()]) -> Response:
    """The nights, the newest first."""
    data = data_of(list_nightly_runs(context, PageQuery(limit=ROWS, cursor=query.cursor)))
    language = context.language

    def row(run: dict[str, Any]) -> list[str | list[str]]:
        finished = formats.instant(language, run["finished_at"]) if run["finished_at"] else "–"
        counts = counts_in_words(language, run["counts"])
        day, started = formats.day(language, run["for_date"]), formats.instant(language, run["started_at"])
        return [day, started, finished, texts.text(language, SECTION, f"night.{run['status']}"), counts]

    columns = ("for_date", "started_at", "finished_at", "status", "counts")
    rows = [row(run) for run in data["items"]]
    return _table(request, context, Table(NIGHTS, columns, rows, data["next"]))


@router.get(ACCESS, response_model=AccessList)
def access_table(request: Request, context: ReadContext, query: Annotated[AccessLogQuery, Query()]) -> Response:
    """Who has been given persons' data, the newest first."""
    data = data_of(list_accesses(context, AccessQuery(limit=ROWS, cursor=query.cursor, subject=query.subject)))
    language = context.language

    def row(access: dict[str, Any]) -> list[str | list[str]]:
        role, purpose = Role(access["role"]), AccessPurpose(access["purpose"])
        who = f"{access['subject']} ({texts.label(language, role)})"
        searched = ", ".join(_criterion(language, code) for code in access["criteria"])
        about = [str(x["case"] or x["person"] or x["message"]) for x in access["subjects"]]
        instant = formats.instant(language, access["at"])
        return [instant, who, access["route"], texts.label(language, purpose), searched, about]

    columns = ("at", "who", "route", "purpose", "searched", "about")
    rows = [row(access) for access in data["items"]]
    filters = {"subject": query.subject or ""}
    return _table(request, context, Table(ACCESS, columns, rows, data["next"], filters, folded="about"))


@router.get(AUDIT, response_model=AuditOut)
def audit_table(request: Request, context: ReadContext) -> Response:
    """The last seal, its export, the last verification, and what is wrong."""
    data = data_of(get_audit(context, NoQuery()))
    language, seal, anchor, verification = context.language, data["seal"], data["anchor"], data["verification"]
    state = {
        "seal": f"{seal['number']}: {formats.instant(language, seal['sealed_at'])}" if seal else "–",
        "anchor": f"{anchor['number']}: {formats.instant(language, anchor['exported_at'])}" if anchor else "–",
        "verification": formats.instant(language, verification["finished_at"]) if verification else "–",
        "checked": number(language, verification["rows"]) if verification else "–",
    }

    columns = ("table", "stream", "position", "problem")
    rows = [[x["table"], x["stream"], str(x["position"]), x["message"]] for x in data["findings"]]
    return _table(request, context, Table(AUDIT, columns, rows, state=state))


def tabs(context: RequestContext, path: str) -> dict[str, Any]:
    """What the frame of a table is drawn from: its name, and the tables that the role may see."""
    role = context.principal.viewer.role
    return {
        "tables": [place for place in ADMINISTRATION_TABLES if place.may(role)],
        "name": next(place.key for place in ADMINISTRATION_TABLES if place.path == path),
    }


def _table(request: Request, context: RequestContext, table: Table) -> Response:
    """One table, with the way to the others that the role may see."""
    given = {name: value for name, value in table.filters.items() if value}
    values = {
        **tabs(context, table.path),
        "columns": table.columns,
        "rows": table.rows,
        "links": table.links,
        "next_page": address_of(table.path, given, {"cursor": table.following}) if table.following else None,
        "filters": table.filters,
        "state": table.state,
        "folded": table.folded,
    }
    return answer(request, "administration.html", values)


def _criterion(language: Language, code: str) -> str:
    """What a person was searched by, or why, in this language."""
    if code in set(SearchReason):
        return texts.label(language, SearchReason(code))
    return texts.text(language, SECTION, f"search.{code}")


def _days(language: Language, since: str, until: str | None) -> str:
    return f"{formats.short_day(language, since)} – {formats.short_day(language, until) if until else ''}"
