"""Drafts of forms: what somebody has typed and not recorded yet, encrypted, for that person alone."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, delete, select

from ungdom.store import bulk
from ungdom.store.case_sights import CaseSight
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.schema.web import web_draft
from ungdom.store.sealed import WEB_DRAFT

KEPT_FOR = timedelta(days=14)
"""How long a draft is kept after it was last changed. Office norm."""
_D = web_draft.c


@dataclass(frozen=True, slots=True)
class FormDraft:
    """What was typed, by the name of the control. `form`: which form of the case.

    `sight`: what the person could learn of the case then; a form of a correction has it in its controls.
    """

    subject: str
    case_id: UUID
    form: str
    entered: dict[str, list[str]]
    saved_at: datetime
    sight: CaseSight

    @property
    def deleted_at(self) -> datetime:
        """When it is deleted unless it is changed again."""
        return self.saved_at + KEPT_FOR

    def may_be_shown(self, now: CaseSight | None) -> bool:
        """Whether the person may learn as much as then. Free text may say where the youth is: frl § 10-4."""
        return now is not None and self.sight.disclosures <= now.disclosures


def save(tx: Connection, keys: EncryptionKeys, draft: FormDraft) -> None:
    """Stores the draft in place of an earlier one of the same form."""
    record = _record(draft.subject, draft.case_id, draft.form)
    row = {"subject": draft.subject, "case_id": draft.case_id, "form": draft.form, "saved_at": draft.saved_at}
    plain = json.dumps({"entered": draft.entered, "sight": draft.sight.words}).encode()
    bulk.upsert(tx, web_draft, [{**row, "sealed": keys.encrypt(plain, record)}])


def find(
    tx: Connection, keys: EncryptionKeys, subject: str, case_id: UUID, form: str, now: datetime
) -> FormDraft | None:
    """The draft of this person; None without one, and where its key is declared lost. Raises `CannotOpen`."""
    query = select(_D.sealed, _D.saved_at).where(_is(subject, case_id, form), _D.saved_at > now - KEPT_FOR)
    row = tx.execute(query).one_or_none()
    plain = None if row is None else keys.decrypt_stored(row.sealed, _record(subject, case_id, form))
    if row is None or plain is None:
        return None
    content = json.loads(plain)
    return FormDraft(subject, case_id, form, content["entered"], row.saved_at, CaseSight.from_words(content["sight"]))


def remove(tx: Connection, subject: str, case_id: UUID, form: str) -> None:
    """Deletes the draft, if there is one."""
    tx.execute(delete(web_draft).where(_is(subject, case_id, form)))


def remove_old(tx: Connection, now: datetime) -> int:
    """Deletes the drafts that nobody has changed for `KEPT_FOR`; returns their number."""
    return tx.execute(delete(web_draft).where(_D.saved_at <= now - KEPT_FOR)).rowcount


def erase(tx: Connection, case_ids: Collection[UUID]) -> int:
    """Deletes every draft about these cases; returns their number."""
    return tx.execute(delete(web_draft).where(_D.case_id.in_(case_ids))).rowcount


def _is(subject: str, case_id: UUID, form: str) -> ColumnElement[bool]:
    return and_(_D.subject == subject, _D.case_id == case_id, _D.form == form)


def _record(subject: str, case_id: UUID, form: str) -> str:
    return WEB_DRAFT.record_of(subject=subject, case_id=case_id, form=form)
