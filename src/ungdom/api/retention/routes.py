"""Rules of retention: read, confirmed with a basis, and applied or tried."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, may_administer, requires
from ungdom.api.http.context import ReadContext, RequestContext, WriteContext
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.scopes import supervision_scope
from ungdom.api.http.tokens import ADMIN
from ungdom.api.retention.present import rule_out, rules_out, run_out
from ungdom.api.retention.schemas import (
    RetentionBasisIn,
    RetentionRuleList,
    RetentionRuleOut,
    RetentionRunIn,
    RetentionRunOut,
)
from ungdom.retention import run
from ungdom.retention.rules import RetentionCode, effective
from ungdom.store import retention
from ungdom.store.retention import StoredBasis
from ungdom.store.session import Connection
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["retention"])


def may_read_retention(role: Role) -> bool:
    """Whether the role reads the rules of retention and their basis: secretariat, administrator and auditor."""
    return role in {Role.SECRETARIAT, Role.ADMIN, Role.AUDITOR}


@router.get("/v1/retention", response_model=RetentionRuleList, summary="List the rules of retention")
def list_retention_rules(context: ReadContext, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """What is kept how long, counted from which fact, on what basis. An unconfirmed rule erases nothing."""

    def operation(tx: Connection) -> ApiResponse:
        bases = retention.bases(tx)
        return json_response(rules_out(context.language, effective(bases).values(), bases))

    return context.read(operation, supervision_scope, may_read_retention, in_service=False)


@router.put("/v1/retention/{rule}", response_model=RetentionRuleOut, summary="Enter the basis of a rule of retention")
@guarded(requires(ADMIN, may_administer))
def confirm_retention_rule(
    context: WriteContext, rule: RetentionCode, body: RetentionBasisIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """From the next night on the rule erases. What was entered before is kept and shown."""
    return context.write(lambda tx: _confirmed(tx, context, rule, body), in_service=False)


@router.post(
    "/v1/jobs/retention/runs", response_model=RetentionRunOut, summary="Apply the rules of retention, or try them"
)
@guarded(requires(ADMIN, may_administer))
def run_retention(context: ReadContext, body: RetentionRunIn, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """What is due by rule, as numbers; without `dry_run` it is erased where the rule applies. Every night does it."""
    context.check_access()
    reports = run.run(context.db, context.keys, context.erasures, context.now, body.dry_run)
    return context.respond(json_response(run_out(context.language, reports)))


def _confirmed(tx: Connection, context: RequestContext, rule: RetentionCode, body: RetentionBasisIn) -> ApiResponse:
    new = StoredBasis(
        rule=rule,
        basis=body.basis,
        source=body.source,
        name=body.name,
        keep=str(body.keep.as_length) if body.keep else None,
        entered_at=context.now,
        entered_by=context.principal.viewer.subject,
    )
    retention.add_basis(tx, new)
    bases = retention.bases(tx)
    return json_response(rule_out(context.language, effective(bases)[rule], bases[rule]))
