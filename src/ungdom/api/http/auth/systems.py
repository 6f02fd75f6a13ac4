"""Tokens of systems, made by Maskinporten: the organisation decides, whoever else the token may name.

A national identity number in it (`pid`) was never a log-in, and is not read.
"""

from collections.abc import Mapping

from ungdom.api.http.auth.claims import Claims, expiry_of, scopes_of
from ungdom.api.http.auth.file import RegisteredSystem
from ungdom.api.http.auth.organisation import organisation_number_of
from ungdom.api.http.auth.principal import NotLetIn, Principal, TokenSummary, loggable
from ungdom.workflow.rules.permissions import SYSTEM_SUBJECT, Viewer


def system_principal(systems: Mapping[str, RegisteredSystem], claims: Claims) -> Principal:
    """The system that is let in for this organisation. `systems`: by organisation number.

    Raises `BadToken` when an organisation is malformed, `NotLetIn` when it, or who carries its token, is not listed.
    """
    organisation = organisation_number_of(claims.get("consumer"), "consumer")
    supplier = organisation_number_of(claims["supplier"], "supplier") if "supplier" in claims else None
    scopes = scopes_of(claims.get("scope"))
    system = systems.get(organisation)
    if system is None:
        raise NotLetIn(
            "organisation_not_let_in", "organisation", TokenSummary(organisation=organisation, supplier=supplier)
        )
    if supplier is not None and supplier not in system.suppliers:
        raise NotLetIn("supplier_not_let_in", "supplier", TokenSummary(organisation=organisation, supplier=supplier))
    return Principal(
        viewer=Viewer(system.role, f"{SYSTEM_SUBJECT}{system.source}", system.konfliktrad),
        scopes=scopes & system.scopes,
        expires_at=expiry_of(claims),
        source=system.source,
        authorities=system.authorities,
        organisation=organisation,
        supplier=supplier,
        client=loggable(claims.get("client_id")),
    )
