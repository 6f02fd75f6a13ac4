"""The state of the hash chains, for auditors and administrators."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from ungdom.api.audit.present import audit_out
from ungdom.api.audit.schemas import AuditOut
from ungdom.api.http import inputs as i
from ungdom.api.http.context import ReadContext
from ungdom.api.http.responses import json_response
from ungdom.api.http.tokens import ADMIN, STATUS
from ungdom.workflow.rules.permissions import may_read_downloads
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["audit"])


def scope_of(role: Role) -> str:
    """The scope that the state of the chains needs of this role."""
    return ADMIN if role is Role.ADMIN else STATUS


@router.get("/v1/audit", response_model=AuditOut, summary="The state of the hash chains")
def get_audit(context: ReadContext, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """The last seal, its export and the last verification, with every open finding. For auditors, administrators."""
    return context.read(lambda tx: json_response(audit_out(tx, context.language)), scope_of, may_read_downloads)
