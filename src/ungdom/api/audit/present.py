"""The state of the hash chains as schemas."""

from ungdom import texts
from ungdom.api.audit.schemas import AnchorOut, AuditFindingOut, AuditOut, SealOut, VerificationOut
from ungdom.api.http.present import from_source
from ungdom.store import chain_seals
from ungdom.store.session import Connection
from ungdom.texts import Language


def audit_out(tx: Connection, language: Language) -> AuditOut:
    seal, anchor = chain_seals.last_seal(tx), chain_seals.last_exported(tx)
    verification = chain_seals.last_verification(tx)
    findings = [
        from_source(AuditFindingOut, finding, message=texts.label(language, finding.problem))
        for finding in chain_seals.open_findings(tx)
    ]
    return AuditOut(
        seal=from_source(SealOut, seal, root=seal.root.hex(), link=seal.link.hex()) if seal else None,
        anchor=from_source(AnchorOut, anchor) if anchor else None,
        verification=from_source(VerificationOut, verification) if verification else None,
        findings=findings,
    )
