"""The konfliktråd and police districts of the reference data that comes with the code."""

from ungdom.store import reference
from ungdom.store.schema.reference import konfliktrad

DISTRICT_OF = {str(row["code"]): str(row["police_district"]) for row in reference.read(konfliktrad)}
"""The police district of each konfliktråd, by code."""

KONFLIKTRAD = tuple(sorted(DISTRICT_OF))
DISTRICTS = tuple(sorted(set(DISTRICT_OF.values())))
