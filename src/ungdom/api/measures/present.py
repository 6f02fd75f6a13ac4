"""Providers and their availability as schemas."""

from ungdom import texts
from ungdom.api.http.present import from_source
from ungdom.api.measures.schemas import ProviderOut, RoomOut
from ungdom.store.catalogue import CatalogueEntry, MeasureAvailability


def provider_out(entry: CatalogueEntry, language: texts.Language) -> ProviderOut:
    provider = entry.provider
    return from_source(
        ProviderOut,
        provider,
        id=provider.provider_id,
        measures=[room_out(code, entry.availability.get(code), language) for code in entry.offers],
    )


def room_out(code: str, room: MeasureAvailability | None, language: texts.Language) -> RoomOut:
    return RoomOut(
        code=code,
        label=texts.text(language, "measure", code),
        status=room.status if room else None,
        status_label=texts.label(language, room.status) if room else None,
        places=room.places if room else None,
        waiting_days=room.waiting_days if room else None,
        as_of=room.as_of if room else None,
        recorded_at=room.recorded_at if room else None,
    )
