"""Names of providers and agencies in plans, read once per request."""

from collections.abc import Sequence
from dataclasses import dataclass

from ungdom import texts
from ungdom.cases import CaseView
from ungdom.store import catalogue, reference
from ungdom.store.schema.reference import agency
from ungdom.store.session import Connection
from ungdom.workflow.derived import plan


@dataclass(frozen=True, slots=True)
class ProviderNames:
    """What providers are called: agencies by their code, and those of the catalogue by their id, with their agency."""

    language: texts.Language
    names: dict[str, str]
    agencies: dict[str, str]


def names_for(tx: Connection, language: texts.Language, reads: Sequence[CaseView]) -> ProviderNames:
    """What the providers in the plans of these cases are called."""
    carried_out = (measure for read in reads for measure in plan.measures(read.case, read.on))
    planned = (x for read in reads for version in plan.versions(read.case, read.on) for x in version.measures)
    providers = {measure.provider for measure in carried_out} | {measure.provider for measure in planned}
    provider_ids = sorted(name for name in providers if name is not None)
    listed = catalogue.providers_by_id(tx, provider_ids) if provider_ids else {}
    names = reference.names(tx, agency, language) if provider_ids else {}
    names |= {id: provider.name for id, provider in listed.items()}
    return ProviderNames(language, names, {id: provider.agency for id, provider in listed.items()})
