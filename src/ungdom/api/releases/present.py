"""Releases as schemas."""

from ungdom.api.releases.schemas import ReleaseOut
from ungdom.release import store
from ungdom.store.releases import StoredRelease


def release_out(release: StoredRelease) -> ReleaseOut:
    return ReleaseOut.model_validate(store.manifest(release))
