"""The access log as schemas, and as the young person reads it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from uuid import UUID

from ungdom import texts
from ungdom.api.access_log.schemas import (
    AccessOut,
    AccessSubjectOut,
    PlainAccessOut,
    WithheldOut,
    WithholdingOut,
)
from ungdom.api.http.present import from_source
from ungdom.store import reference
from ungdom.store.access_queries import AccessToCase, LoggedAccess
from ungdom.store.access_withholdings import Withholding
from ungdom.texts import Language
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.access import AccessPurpose, WithholdingCode
from ungdom.workflow.vocabulary import Role

SECTION = "access"


def access_out(access: LoggedAccess, tells_office: bool) -> AccessOut:
    """`tells_office`: also of an answer with data of somebody whose address is protected."""
    return from_source(
        AccessOut,
        access,
        id=access.access_id,
        konfliktrad=access.konfliktrad if tells_office or not access.graded else None,
        matters=list(access.matters),
        criteria=(access.criteria or "").split(),
        subjects=[
            AccessSubjectOut(case=entry.case_id, person=entry.person_id, message=entry.message_id)
            for entry in access.entries
        ],
    )


def plain_out(
    accesses: Iterable[AccessToCase], withheld: Mapping[UUID, Withholding], language: Language, tells_office: bool
) -> list[PlainAccessOut]:
    """One line per day, role, office and purpose, the newest first; after them what is held back, without a day.

    `tells_office`: False where it would say where somebody with a protected address belongs.
    """
    shown = [access for access in accesses if access.access_id not in withheld]
    held = [withheld[access.access_id] for access in accesses if access.access_id in withheld]
    groups = Counter(
        (oslo_date(access.at), access.role, access.konfliktrad if tells_office else None, access.purpose)
        for access in shown
    )
    lines = [_line(language, *group, times) for group, times in groups.items()]
    return [*lines, *_held_back(held, language)]


def _line(
    language: Language, day: date, role: Role, konfliktrad: str | None, purpose: AccessPurpose, times: int
) -> PlainAccessOut:
    office = None if konfliktrad is None else reference.office_name(konfliktrad, language)
    values = {
        "day": texts.render(language, day),
        "role": texts.label(language, role),
        "purpose": texts.render(language, purpose),
        "office": office or "",
    }
    return PlainAccessOut(
        day=day,
        role=role,
        role_label=values["role"],
        office=office,
        purpose=purpose,
        purpose_label=texts.label(language, purpose),
        times=times,
        withheld=None,
        text=texts.text(language, SECTION, "line" if office is None else "line_with_office", **values),
    )


def _held_back(held: list[Withholding], language: Language) -> Iterator[PlainAccessOut]:
    reasons = Counter((withholding.review_on, withholding.code) for withholding in held)
    for (review_on, code), times in sorted(reasons.items(), key=str):
        if review_on is not None and code is not None:
            yield _held_line(language, code, review_on, times)


def _held_line(language: Language, code: WithholdingCode, review_on: date, times: int) -> PlainAccessOut:
    reason = texts.label(language, code)
    day = texts.render(language, review_on)
    return PlainAccessOut(
        day=None,
        role=None,
        role_label=None,
        office=None,
        purpose=None,
        purpose_label=None,
        times=times,
        withheld=WithheldOut(code=code, label=reason, review_on=review_on),
        text=texts.text(language, SECTION, "withheld", reason=reason, day=day),
    )


def withholding_out(
    reference_of_case: str, withholding: Withholding, language: Language, today: date
) -> WithholdingOut | None:
    """What is held back; None where the youth is told."""
    if withholding.code is None or withholding.review_on is None:
        return None
    return WithholdingOut(
        case=withholding.case_id,
        reference=reference_of_case,
        access=withholding.access_id,
        code=withholding.code,
        label=texts.label(language, withholding.code),
        review_on=withholding.review_on,
        due=withholding.review_on <= today,
        decided_at=withholding.decided_at,
        decided_by=withholding.decided_by,
    )
