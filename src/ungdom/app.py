"""The application: settings, database, keys, middleware and routes."""

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache, partial
from threading import Event
from typing import TYPE_CHECKING, Any

import anyio
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, FastAPI
from starlette.datastructures import State

import ungdom
from ungdom import clock as clocks
from ungdom import polling
from ungdom.api.access_log import routes as access_log
from ungdom.api.alerts import routes as alerts
from ungdom.api.archives import routes as archives
from ungdom.api.audit import routes as audit
from ungdom.api.breaches import routes as breaches
from ungdom.api.calendars import routes as calendars
from ungdom.api.cases import routes as cases
from ungdom.api.complaints import routes as complaints
from ungdom.api.consents import routes as consents
from ungdom.api.contacts import routes as contacts
from ungdom.api.coordination_groups import routes as coordination_groups
from ungdom.api.cross_case_views import routes as cross_case_views
from ungdom.api.decisions import batch
from ungdom.api.decisions import routes as decisions
from ungdom.api.delays import routes as delays
from ungdom.api.docs import document
from ungdom.api.docs import routes as doc_routes
from ungdom.api.emergency_access import routes as emergency_access
from ungdom.api.esas import routes as esas
from ungdom.api.events import routes as events
from ungdom.api.extracts import job_routes
from ungdom.api.extracts import routes as extracts
from ungdom.api.feed import routes as feed
from ungdom.api.forecasts import routes as forecasts
from ungdom.api.http import handlers, headers, health
from ungdom.api.http.access_middleware import AccessLogMiddleware
from ungdom.api.http.auth import compose
from ungdom.api.http.authorisation import RouteAccess
from ungdom.api.http.deprecation import DEPRECATED, DeprecationHeaders
from ungdom.api.http.erasures import ErasuresFirst
from ungdom.api.http.limits import AddressLimits, RequestLimits, SubjectLimits
from ungdom.api.http.middleware import AccessMiddleware, BodyLimits
from ungdom.api.http.observed import ObservedApp
from ungdom.api.http.routing import RoutesByPrefix
from ungdom.api.http.service import ServiceCheck
from ungdom.api.http.shedding import EarlyShedding, QueuedRequests, RequestQueue
from ungdom.api.http.tokens import Issuer
from ungdom.api.indicators import routes as indicators
from ungdom.api.jobs import routes as jobs
from ungdom.api.measures import routes as measures
from ungdom.api.notes import routes as notes
from ungdom.api.notices import routes as notices
from ungdom.api.observations import routes as observations
from ungdom.api.persons import joining_routes, population_routes, record_routes, review_routes
from ungdom.api.persons import routes as persons
from ungdom.api.plans import routes as plans
from ungdom.api.releases import routes as releases
from ungdom.api.retention import routes as retention
from ungdom.api.rules import routes as rules
from ungdom.api.simulation import routes as simulation
from ungdom.api.staff import routes as staff
from ungdom.api.statistics import comparison_routes, explanation_routes, overview_routes, question_routes
from ungdom.api.statistics import routes as statistics
from ungdom.api.surveys import routes as surveys
from ungdom.api.team import routes as team
from ungdom.api.timeline import routes as timeline
from ungdom.api.webhooks import routes as webhooks
from ungdom.api.worklist import routes as worklist
from ungdom.clock import Clock
from ungdom.exchange import partners
from ungdom.extracts import job_worker
from ungdom.extracts.order import order_service
from ungdom.intake.retry import retry_due
from ungdom.notices import address
from ungdom.observability.logger import EventLogger
from ungdom.observability.metrics import RequestMetrics
from ungdom.retention.journal import ErasureJournal
from ungdom.retention.replay import ErasureGate
from ungdom.serving.connections import STATE_KEY, ConnectionLimits
from ungdom.settings import BadSettings, Settings
from ungdom.settings import from_environment as environment
from ungdom.store import access_index
from ungdom.store.access_log import AccessLog
from ungdom.store.access_subjects import KnownSubjects
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import StoreError
from ungdom.store.replica import ReadSource, open_replica
from ungdom.store.service_figures import count_connections
from ungdom.store.session import Database
from ungdom.store.write_probe import WriteProbe
from ungdom.web import install as pages

if TYPE_CHECKING:
    from ungdom.sandbox.state import Sandbox

log = EventLogger("ungdom.app")

EXTRACTS_AT_ONCE = 2
"""Number of extracts that a process writes at a time; others wait without blocking other requests."""
SWITCH_SECONDS = 0.001
"""Seconds after which a request thread that computes lets the event loop go on, which refuses and answers health."""
COLLECTED_AFTER = (10_000, 10, 20)
"""Thresholds of the garbage collector. Most objects of a request are freed before a collection begins; a full one is
rare: it stops a process with large caches for some tenths of a second (bench/results.md)."""
BATCH_SHARE = 2
"""Request threads per thread for batches of decisions: a process has half as many for them again, and at least one."""
RETRY_SECONDS = 60
"""Seconds between two polls for decisions to retry; other processes poll as well."""
INDEX_SECONDS = 2
"""Seconds between two rounds that write the entries of long answers of the access log to `access_entry`."""

ROUTERS = (
    staff.reassignments,
    cases.router,
    events.router,
    notes.router,
    archives.router,
    forecasts.router,
    team.router,
    worklist.router,
    cross_case_views.router,
    timeline.router,
    plans.router,
    measures.router,
    consents.router,
    breaches.router,
    complaints.router,
    delays.router,
    calendars.router,
    calendars.public,
    batch.router,
    decisions.router,
    esas.router,
    alerts.router,
    jobs.router,
    retention.router,
    audit.router,
    notices.router,
    contacts.router,
    coordination_groups.router,
    staff.router,
    webhooks.router,
    feed.router,
    rules.router,
    rules.public,
    simulation.router,
    indicators.router,
    statistics.router,
    comparison_routes.router,
    overview_routes.router,
    question_routes.router,
    explanation_routes.router,
    observations.router,
    persons.router,
    joining_routes.router,
    review_routes.router,
    record_routes.router,
    population_routes.router,
    access_log.router,
    emergency_access.router,
    releases.router,
    surveys.router,
    surveys.public,
    job_routes.router,
    extracts.router,
    health.router,
)
"""Every resource, in the order of the documentation."""


_DOCUMENT: dict[str, Any] = {}
"""The OpenAPI document of these resources, once an app of this process has generated it."""


@cache
def _resources() -> APIRouter:
    """The routes of every resource, shared by all apps of a process: FastAPI analyses each of them once."""
    resources = APIRouter(generate_unique_id_function=document.operation_id)
    for router in ROUTERS:
        resources.include_router(RoutesByPrefix(router.routes))
    return resources


def create_app(settings: Settings, clock: Clock = clocks.now, db: Database | None = None) -> FastAPI:
    """The service. Tests pass `clock` and `db`; otherwise they come from the settings.

    Raises `BadSettings` when no issuer of tokens is trusted, or a setting is not as it has to be.
    """
    metrics = RequestMetrics() if settings.metrics_port else None
    app = ObservedApp(
        observed=[route for router in (*ROUTERS, *pages.ROUTERS) for route in router.routes],
        metrics=metrics,
        title="ungdom",
        version=ungdom.__version__,
        summary="Case engine for ungdomsstraff and ungdomsoppfølging",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=document.operation_id,
        lifespan=_lifespan(settings),
    )
    _set_state(app, settings, clock, db)
    app.state.metrics = metrics
    if metrics is not None:
        count_connections(app.state.db, metrics.connections_changed)
    app.router.routes.extend(_resources().routes)
    pages.add_routes(app, settings)
    document.install(app, _DOCUMENT)
    doc_routes.install(app)
    handlers.install(app)
    _add_middleware(app, settings)
    return app


def create_sandbox(settings: Settings, sandbox: "Sandbox") -> FastAPI:
    """The service with this sandbox: its clock, its routes and its faults. Raises `BadSettings` outside development."""
    from ungdom.api.sandbox import exercise_routes, middleware, routes  # noqa: PLC0415  # no other installation loads a sandbox
    from ungdom.sandbox.webhooks import FaultyWebhooks  # noqa: PLC0415  # the same
    from ungdom.web import exercise_page, sandbox_page  # noqa: PLC0415  # the same

    if not settings.development:
        raise BadSettings(f"UNGDOM_ENV is {settings.env}: a sandbox is for development only")
    app = create_app(settings, clock=sandbox.clock)
    app.state.sandbox, app.state.issuer = sandbox, Issuer(settings)
    app.state.send_webhook, app.state.signed_at = FaultyWebhooks(sandbox), clocks.now
    for part in (routes, exercise_routes, sandbox_page, exercise_page):
        app.router.routes.extend(part.router.routes)
    app.add_middleware(middleware.SyntheticPeopleOnly)
    app.add_middleware(middleware.OrderedFaults, sandbox=sandbox)
    return app


def _set_state(app: FastAPI, settings: Settings, clock: Clock, db: Database | None) -> None:
    """What routes and middleware share."""
    batch_threads = max(1, settings.threads // BATCH_SHARE)
    pool_size = settings.threads + batch_threads + 3 + EXTRACTS_AT_ONCE
    app.state.db = db or Database.open(settings.database_url, pool_size=pool_size)
    replica = open_replica(settings.replica_url, pool_size=settings.threads + EXTRACTS_AT_ONCE + 1)
    app.state.figures = ReadSource(app.state.db, replica)
    app.state.access_log = AccessLog(app.state.db)
    app.state.known_subjects = KnownSubjects()
    app.state.keys = EncryptionKeys.of(settings)
    app.state.clock = clock
    app.state.erasures = ErasureJournal(settings.erasures)
    app.state.erasure_gate = ErasureGate(app.state.db, app.state.keys, app.state.erasures, clock)
    app.state.service = ServiceCheck()
    app.state.cursor_keys = settings.cursor_keys
    app.state.partners = partners.load(settings.exchange_file)
    app.state.public_url = settings.public_url
    app.state.emergency_hours = settings.emergency_hours
    app.state.webhook_allow = address.networks(settings.webhook_allow)
    app.state.send_webhook = None  # as `notices.webhooks.send`; a sandbox sends with the faults that are ordered
    app.state.signed_at = clock
    app.state.extracts = order_service(settings)
    app.state.extracts_dir = job_worker.folder_of(settings)
    app.state.anchor_dir = settings.anchors
    app.state.extract_threads = CapacityLimiter(EXTRACTS_AT_ONCE)
    app.state.batch_threads = CapacityLimiter(batch_threads)
    app.state.health_thread = CapacityLimiter(1)
    app.state.write_probe = WriteProbe(app.state.db, settings.data_dir, strict=not settings.development)


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """What a request passes through before its route, from the inside out."""
    verifier = compose.verifier(settings)
    queue = RequestQueue(settings.threads, settings.queue_limit, settings.queue_seconds)
    requests = RequestLimits(settings)
    access = RouteAccess(route for router in (*ROUTERS, *pages.ROUTERS) for route in router.routes)
    if DEPRECATED:
        app.add_middleware(DeprecationHeaders, operations=DEPRECATED)
    app.add_middleware(ErasuresFirst, gate=app.state.erasure_gate)
    app.add_middleware(AccessLogMiddleware)
    app.add_middleware(QueuedRequests, queue=queue)
    app.add_middleware(
        AccessMiddleware,
        verifier=verifier,
        clock=lambda: app.state.clock,
        limits=BodyLimits(settings.body_limit, settings.exchange_body_limit),
        refusal=SubjectLimits(requests, access.refusal),
    )
    pages.add_sessions(app)
    app.add_middleware(EarlyShedding, queue=queue)
    app.add_middleware(AddressLimits, limits=requests)
    headers.install(app, headers.headers_for(settings.public_url))
    pages.draw_problems(app)


def from_environment() -> FastAPI:
    """The service with the settings of this process, called by workers of uvicorn. Wrong settings end the process."""
    try:
        return prepared_app(environment())
    except BadSettings as error:
        raise SystemExit(f"ungdom: {error}") from None


def prepared_app(settings: Settings, with_document: bool = False) -> FastAPI:
    """The service of a server process. `with_document`: the OpenAPI document is made beside the start.

    Otherwise the first request for it waits until it is made.
    """
    app = create_app(settings)
    sys.setswitchinterval(SWITCH_SECONDS)
    if with_document:
        doc_routes.prepare(app)
    gc.collect()
    gc.freeze()  # what a process has loaded by now stays: later collections need not go through it
    gc.set_threshold(*COLLECTED_AFTER)
    return app


def _lifespan(settings: Settings):  # type: ignore[no-untyped-def]  # an async context manager factory, as Starlette wants it
    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        to_thread.current_default_thread_limiter().total_tokens = settings.threads
        stop = Event()
        with suppress(StoreError):  # the first request tries again, and is not answered before it has succeeded
            await to_thread.run_sync(app.state.erasure_gate.open)
        with suppress(StoreError):  # they are opened later
            await to_thread.run_sync(app.state.db.open_readers)
        async with anyio.create_task_group() as tasks:
            retry = partial(to_thread.run_sync, _retry_due_decisions, app.state, stop, limiter=CapacityLimiter(1))
            tasks.start_soon(retry)
            tasks.start_soon(
                partial(to_thread.run_sync, _index_accesses, app.state.db, stop, limiter=CapacityLimiter(1))
            )
            try:
                yield {STATE_KEY: ConnectionLimits.of(settings, headers.headers_for(settings.public_url))}
            finally:
                stop.set()
                tasks.cancel_scope.cancel()
        app.state.figures.close()
        app.state.db.close()

    return run


def _retry_due_decisions(state: State, stop: Event) -> None:
    """Retry parked decisions that are due: at the start, since a killed process leaves some, then every minute."""
    for current in polling.rounds(stop, RETRY_SECONDS, log):
        with current.attempt("the retry of parked decisions"):
            retry_due(state.db, state.keys, state.clock, stop.is_set)


def _index_accesses(db: Database, stop: Event) -> None:
    """Write the entries of long answers, also those that a killed process has left."""
    for current in polling.rounds(stop, INDEX_SECONDS, log):
        with current.attempt("the entries of the access log"):
            access_index.fill(db)
