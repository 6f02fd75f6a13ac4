"""Coordination groups as schemas."""

from collections.abc import Sequence

from ungdom import texts
from ungdom.api.coordination_groups.schemas import CoordinationGroupOut, StandingContactOut
from ungdom.api.http.present import from_source
from ungdom.store import reference
from ungdom.store.coordination_groups import StandingContact
from ungdom.workflow.rules.coordination_group import FIXED_MEMBERS


def group_out(konfliktrad: str, contacts: Sequence[StandingContact], language: texts.Language) -> CoordinationGroupOut:
    reachable = {standing.agency for standing in contacts if standing.reachable}
    return CoordinationGroupOut(
        konfliktrad=konfliktrad,
        konfliktrad_name=reference.office_name(konfliktrad, language),
        contacts=[_contact_out(standing, language) for standing in contacts],
        missing=[agency for agency in FIXED_MEMBERS if agency not in reachable],
    )


def _contact_out(standing: StandingContact, language: texts.Language) -> StandingContactOut:
    return from_source(
        StandingContactOut,
        standing,
        agency_label=texts.label(language, standing.agency),
        subject=standing.subject if standing.signs_in else None,
    )
