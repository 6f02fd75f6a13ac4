"""Over the demo load on either database: alerts on an authority with a contact reach it, the rest have a reason."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import select

from tests.demo.test_load import KEYS
from tests.service import Clock
from ungdom.alerts.sweep import sweep
from ungdom.demo import coordination_groups as invented
from ungdom.demo.load import load
from ungdom.notices.dispatch import dispatch
from ungdom.notices.group_notices import NotReached, unreached_alerts
from ungdom.store import alerts, coordination_groups, journal
from ungdom.store.alerts import Alert
from ungdom.store.schema.alerts import alert
from ungdom.store.schema.notices import notice
from ungdom.store.session import Connection, Database
from ungdom.workflow import engine
from ungdom.workflow.case import Case
from ungdom.workflow.rules.deadlines import HEADLINE
from ungdom.workflow.rules.waits import waiting_for
from ungdom.workflow.vocabulary import EventType, Party

TODAY = date(2026, 11, 20)
AUTHORITIES = {
    Party.POLICE: "police",
    Party.PROSECUTION: "prosecution",
    Party.CORRECTIONAL_SERVICE: "correctional_service",
}
OUTSIDE = tuple(AUTHORITIES.values())


def loaded(database_url: str) -> Database:
    """A load with the alerts of one night, delivered."""
    db = Database.open(database_url)
    db.upgrade()
    load(db, KEYS, cases=900, today=TODAY)
    clock = Clock(datetime(2026, 11, 20, 2, tzinfo=UTC))
    sweep(db, TODAY, clock)
    dispatch(db, KEYS, clock())
    return db


def before_start(tx: Connection) -> list[tuple[Alert, Case]]:
    """The live alerts on the lead time, with their cases, none of which has started."""
    ids = list(tx.scalars(select(alert.c.case_id).where(alert.c.code == HEADLINE, alert.c.cleared_at.is_(None))))
    cases = {stored.case_id: engine.fold(stored.youth, stored.events) for stored in journal.load_many(tx, ids)}
    return [(live, cases[live.case_id]) for live in alerts.live(tx, ids) if live.code == HEADLINE]


def sent_to(tx: Connection) -> dict[UUID, set[str]]:
    """The agencies whose standing contacts have a notice, by alert."""
    sent: dict[UUID, set[str]] = {}
    for row in tx.execute(select(notice.c.alert_id, notice.c.agency).where(notice.c.agency.is_not(None))):
        sent.setdefault(row.alert_id, set()).add(str(row.agency))
    return sent


def test_every_lead_time_alert_on_an_authority_with_a_contact_reaches_it_and_the_rest_are_listed_by_reason(
    database_url: str, figure: Callable[[str], None]
) -> None:
    db = loaded(database_url)
    with db.reading() as tx:
        live, sent = before_start(tx), sent_to(tx)
        groups = coordination_groups.contacts_of(tx)
        listed = unreached_alerts(tx, [case_alert.case_id for case_alert, _ in live], TODAY, HEADLINE)

    protected = {entry.alert.alert_id for entry in listed if entry.reason is NotReached.PROTECTED}
    for case_alert, case in live:
        if case_alert.alert_id in protected:
            assert case_alert.alert_id not in sent
            continue
        party = waiting_for(case)
        wanted = OUTSIDE if case.has(EventType.COORDINATION_REQUESTED) else (AUTHORITIES.get(party or Party.OTHER, ""),)
        named = {str(one.agency) for one in groups[case.konfliktrad] if one.reachable}
        assert set(wanted) & named <= sent.get(case_alert.alert_id, set())
    reached = {case_alert.alert_id for case_alert, _ in live} & sent.keys()
    unreached = {entry.alert.alert_id for entry in listed}
    assert reached | unreached == {case_alert.alert_id for case_alert, _ in live}
    assert not reached & unreached
    assert len(reached) > len(unreached)
    reasons = Counter(entry.reason for entry in listed)
    assert not reasons.keys() & {NotReached.NOT_SENT, NotReached.PUT_OFF}
    figure(f"lead-time alerts of the demo: {len(reached)} of {len(live)} reached somebody outside; {dict(reasons)}")
    db.close()


def test_every_office_of_the_demo_has_a_group_with_the_gaps_that_it_is_to_show(database_url: str) -> None:
    db = Database.open(database_url)
    db.upgrade()
    load(db, KEYS, cases=1, today=TODAY)
    with db.reading() as tx:
        groups = coordination_groups.contacts_of(tx)
    db.close()

    assert len(groups) == 12
    gaps = {
        (office, agency)
        for office, group in groups.items()
        for agency in OUTSIDE
        if agency not in {str(one.agency) for one in group if one.reachable}
    }
    assert gaps == {(office, str(agency)) for office, agency in invented.WITHOUT_CONTACT | invented.WITHOUT_ADDRESS}
