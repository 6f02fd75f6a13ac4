"""The peer of Django, Django REST framework and django-fsm-2.

One module: settings, models, serializers, view and the WSGI application. The models are those of the tables that the
benchmark filled; the rules come from `small_rules`. Served by gunicorn with threads.
"""

import json
import os
from datetime import UTC, datetime
from typing import Any

import django
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

DATABASE = conninfo_to_dict(os.environ["PEER_DATABASE_URL"])

settings.configure(
    DEBUG=False,
    SECRET_KEY="of the benchmark",  # noqa: S106  # nothing is signed with it
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    APPEND_SLASH=False,
    USE_TZ=True,
    TIME_ZONE="UTC",
    INSTALLED_APPS=["rest_framework", "django_fsm"],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": DATABASE["dbname"],
            "USER": DATABASE["user"],
            "HOST": DATABASE["host"],
            "CONN_MAX_AGE": None,
        }
    },
    REST_FRAMEWORK={
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
        "UNAUTHENTICATED_USER": None,
        "EXCEPTION_HANDLER": f"{__name__}.problem_response",
    },
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402  # Django wants its settings first
from django.db import models, transaction  # noqa: E402
from django.shortcuts import get_object_or_404  # noqa: E402
from django.urls import path  # noqa: E402
from django_fsm import FSMField, TransitionNotAllowed  # noqa: E402
from django_fsm import transition as fsm_transition  # noqa: E402
from rest_framework import serializers  # noqa: E402
from rest_framework.authentication import BaseAuthentication  # noqa: E402
from rest_framework.permissions import BasePermission  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView, exception_handler  # noqa: E402
from small_rules import (  # noqa: E402
    CONDITIONS,
    MOVES,
    Facts,
    Person,
    Problem,
    Step,
    Tokens,
    details_text,
    expected_version,
    may_record,
    messages,
    refused,
    row_columns,
    stale,
    step_of,
)

TOKENS = Tokens(os.environ["PEER_KEY"])


# --- models -----------------------------------------------------------------------------------------------------------


def _condition(check: Any) -> Any:
    return lambda case: check(case.step, case.facts)


CHECKS = [_condition(check) for check in CONDITIONS]


class Case(models.Model):
    """The current row of a case, with its state machine."""

    case_id = models.UUIDField(primary_key=True)
    reference = models.TextField()
    person_id = models.UUIDField()
    version = models.IntegerField()
    sanction = models.TextField()
    konfliktrad = models.TextField()
    state = FSMField(protected=True)
    phase = models.TextField()
    waiting_for = models.TextField(null=True)
    waiting_since = models.DateField(null=True)
    registered_on = models.DateField()
    coordinator = models.TextField(null=True)
    next_due_on = models.DateField(null=True)
    next_due_code = models.TextField(null=True)
    look_on = models.DateField(null=True)
    act_on = models.DateField(null=True)
    dated_on = models.DateField(null=True)
    undated_on = models.DateField(null=True)
    duties = models.TextField(null=True)
    task_kinds = models.TextField(null=True)
    tasks = models.TextField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        """The table of the service."""

        managed = False
        app_label = "peer"
        db_table = "case_current"

    step: Step
    facts: Facts

    @fsm_transition(state, MOVES["postponed"].sources, "postponed", conditions=CHECKS)
    def postponed(self) -> None:
        """Out of `preparing`."""

    @fsm_transition(state, MOVES["postponement_ended"].sources, "preparing", conditions=CHECKS)
    def postponement_ended(self) -> None:
        """Back to it."""


class Event(models.Model):
    """What happened in a case."""

    pk = models.CompositePrimaryKey("case_id", "seq")
    case = models.ForeignKey(Case, models.PROTECT, related_name="events")
    seq = models.IntegerField()
    type = models.TextField()
    occurred_on = models.DateField()
    occurred_at = models.DateTimeField(null=True)
    details = models.TextField()
    recorded_at = models.DateTimeField()
    actor = models.TextField()
    role = models.TextField()
    subject = models.TextField()
    source = models.TextField()

    class Meta:
        """The table of the service."""

        managed = False
        app_label = "peer"
        db_table = "event"


class Message(models.Model):
    """A message to another system, sent later."""

    message_id = models.UUIDField(primary_key=True)
    case_id = models.UUIDField()
    seq = models.IntegerField()
    kind = models.TextField()
    payload = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        """The table of the service."""

        managed = False
        app_label = "peer"
        db_table = "outbox"


# --- interface --------------------------------------------------------------------------------------------------------


class EntryIn(serializers.Serializer):
    """A move as the client sends it."""

    type = serializers.ChoiceField(tuple(MOVES))
    occurred_on = serializers.DateField()
    details = serializers.DictField(default=dict)


class EventOut(serializers.ModelSerializer):
    """The event as it is answered."""

    details = serializers.SerializerMethodField()

    class Meta:
        """Its fields."""

        model = Event
        fields = ("seq", "type", "occurred_on", "recorded_at", "details")

    def get_details(self, event: "Event") -> Any:
        return json.loads(event.details)


class CaseOut(serializers.ModelSerializer):
    """The case as it is answered."""

    class Meta:
        """Its fields."""

        model = Case
        fields = (
            "case_id", "reference", "version", "state", "phase", "waiting_for", "coordinator", "next_due_on",
            "next_due_code",
        )  # fmt: skip


class TokenAuthentication(BaseAuthentication):
    """The person of the token."""

    def authenticate(self, request: Request) -> tuple[Person, None]:
        return TOKENS.person(request.headers.get("Authorization")), None


class MayRecord(BasePermission):
    """Whether the person may record moves in this case."""

    def has_object_permission(self, request: Request, _view: APIView, obj: Case) -> bool:
        return may_record(request.user, obj.konfliktrad)


class CaseEvents(APIView):
    """The events of a case."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = (MayRecord,)

    def post(self, request: Request, case_id: Any) -> Response:
        """Record a move."""
        entry = EntryIn(data=request.data)
        entry.is_valid(raise_exception=True)
        expected = expected_version(request.headers.get("If-Match"))
        sent = entry.validated_data
        step = step_of(sent["type"], sent["occurred_on"], sent["details"])
        with transaction.atomic():
            case = get_object_or_404(Case, pk=case_id)
            self.check_object_permissions(request, case)
            if case.version != expected:
                raise stale(case.version)
            event = record(case, step, request.user)
        body = {"event": EventOut(event).data, "case": CaseOut(case).data}
        return Response(body, 201, headers={"ETag": f'"{case.version}"'})


def record(case: Case, step: Step, person: Person) -> Event:
    """Judge the move and write it. Raises `Problem`."""
    case.step, case.facts = step, Facts(case.registered_on, case.events.latest("seq").occurred_on)
    try:
        getattr(case, step.type)()
    except TransitionNotAllowed as error:
        raise refused(step, case.state, case.facts) from error
    now, seq = datetime.now(UTC), case.version + 1
    case.waiting_for, case.version, case.updated_at = MOVES[step.type].waiting_for, seq, now
    columns = row_columns(step) | {"waiting_for": case.waiting_for, "version": seq, "updated_at": now}
    if not Case.objects.filter(pk=case.pk, version=seq - 1).update(state=case.state, **columns):
        raise stale(Case.objects.get(pk=case.pk).version)
    event = Event.objects.create(
        case=case,
        seq=seq,
        type=step.type,
        occurred_on=step.on,
        details=details_text(step.details),
        recorded_at=now,
        actor=person.role,
        role=person.role,
        subject=person.subject,
        source="api",
    )
    Message.objects.bulk_create([Message(**row) for row in messages(case.pk, seq, step, now)], ignore_conflicts=True)
    return event


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an error; a transaction that it leaves is rolled back."""
    if isinstance(error, Problem):
        return Response(error.body, error.status, content_type="application/problem+json")
    return exception_handler(error, context)


urlpatterns = [path("v1/cases/<uuid:case_id>/events", CaseEvents.as_view())]
application = get_wsgi_application()
