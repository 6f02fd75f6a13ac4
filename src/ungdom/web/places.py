"""The entries of the menu, and which roles each is for: by the predicates of the interface."""

from dataclasses import dataclass

from ungdom.api.http.authorisation import RolePredicate, may_administer
from ungdom.api.statistics.comparison_routes import may_compare_offices
from ungdom.workflow.rules.access import may_read_access_log
from ungdom.workflow.rules.alert_permissions import may_read_coordination_groups
from ungdom.workflow.rules.permissions import (
    may_read_cases,
    may_read_downloads,
    may_read_figures,
    may_read_persons,
    may_read_published,
    may_read_recidivism,
    may_read_staff,
    may_read_worklist,
    may_simulate,
)
from ungdom.workflow.vocabulary import Role


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the menu. `key`: of its text in the section of the pages, after `nav.`."""

    path: str
    key: str
    may: RolePredicate


def has_cases_without_worklist(role: Role) -> bool:
    """Whether the role reads cases, and has no worklist of them: members of follow-up teams."""
    return may_read_cases(role) and not may_read_worklist(role)


def may_follow_webhooks(role: Role) -> bool:
    """Who is offered the page of webhooks: administrators, and those with a worklist. Systems use the interface."""
    return may_administer(role) or may_read_worklist(role)


def anybody(_role: Role) -> bool:
    """The rules are the law, and no secret to whoever has signed in."""
    return True


TODAY = Place("/today", "today", may_read_worklist)
MY_CASES = Place("/my-cases", "my_cases", has_cases_without_worklist)
DELAYS = Place("/delays", "delays", may_read_cases)
SEARCH = Place("/search", "search", may_read_persons)
OFFICE = Place("/office", "office", may_read_figures)
COUNTRY = Place("/country", "country", may_read_published)
RULES = Place("/rules", "rules", anybody)
SIMULATION = Place("/rules/simulation", "simulation", may_simulate)
INDICATORS = Place("/office/indicators", "indicators", may_read_figures)
CURVES = Place("/office/curves", "curves", may_read_figures)
COMPARISON = Place("/office/comparison", "comparison", may_compare_offices)
COHORTS = Place("/office/cohorts", "cohorts", may_read_figures)
EXPLANATION = Place("/office/explanation", "explanation", may_read_figures)
RELAPSE = Place("/office/relapse", "relapse", may_read_recidivism)
CAUSES = Place("/delays/causes", "causes", may_read_cases)
OFFICE_FIGURES = (INDICATORS, CURVES, COHORTS, COMPARISON, RELAPSE, CAUSES, EXPLANATION)
"""The pages of figures that the page of the office leads to; the title of each is the text of its key."""
JOBS = Place("/administration/jobs", "jobs", may_administer)
CONTACTS = Place("/administration/contacts", "contacts", may_read_coordination_groups)
WEBHOOKS = Place("/administration/webhooks", "webhooks", may_follow_webhooks)
ADMINISTRATION_TABLES = (
    Place("/administration/staff", "staff", may_read_staff),
    CONTACTS,
    WEBHOOKS,
    JOBS,
    Place("/administration/nights", "nights", may_administer),
    Place("/administration/access-log", "access_log", may_read_access_log),
    Place("/administration/audit", "audit", may_read_downloads),
)
"""The tables of the administration, each with the predicate of its route in the interface."""
ADMINISTRATION = Place(
    "/administration", "administration", lambda role: any(table.may(role) for table in ADMINISTRATION_TABLES)
)
PLACES = (TODAY, MY_CASES, DELAYS, OFFICE, SEARCH, ADMINISTRATION, RULES, COUNTRY)
"""The menu, in its order."""


def places_of(role: Role) -> list[Place]:
    """The entries of the menu that this role may open."""
    return [place for place in PLACES if place.may(role)]


def first_place(role: Role) -> Place:
    """Where this role begins, and goes back to."""
    return next(iter(places_of(role)), TODAY)
