"""Tokens of systems, made by Maskinporten: the organisation decides, whoever else the token may name.

A national identity number in it (`pid`) was never a log-in, and is not read.
"""

from collections.abc import Mapping

from ungdom.api.access.claims import Claims, scopes_of, until
from ungdom.api.access.file import System
from ungdom.api.access.organisation import number_in
from ungdom.api.access.principal import SYSTEM_SUBJECT, About, NotLetIn, Principal, loggable
from ungdom.workflow.permissions import Viewer


def system_principal(systems: Mapping[str, System], claims: Claims) -> Principal:
    """The system that is let in for this organisation. `systems`: by organisation number.

    Raises `BadToken` when an organisation is malformed, `NotLetIn` when it, or who carries its token, is not listed.
    """
    organisation = number_in(claims.get("consumer"), "consumer")
    supplier = number_in(claims["supplier"], "supplier") if "supplier" in claims else None
    scopes = scopes_of(claims.get("scope"))
    system = systems.get(organisation)
    if system is None:
        raise NotLetIn("organisation_not_let_in", "organisation", About(organisation=organisation, supplier=supplier))
    if supplier is not None and supplier not in system.suppliers:
        raise NotLetIn("supplier_not_let_in", "supplier", About(organisation=organisation, supplier=supplier))
    return Principal(
        viewer=Viewer(system.role, f"{SYSTEM_SUBJECT}{system.source}", system.konfliktrad),
        scopes=scopes & system.scopes,
        expires_at=until(claims),
        source=system.source,
        authorities=system.authorities,
        organisation=organisation,
        supplier=supplier,
        client=loggable(claims.get("client_id")),
    )
