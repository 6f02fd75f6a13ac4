"""The konfliktråd and police districts of the reference data that comes with the code."""

from ungdom.store import reference
from ungdom.store.schema.reference import konfliktrad

DISTRICT_OF = {str(row["code"]): str(row["police_district"]) for row in reference.read(konfliktrad)}
"""The police district of each konfliktråd, by code."""

KONFLIKTRAD = tuple(sorted(DISTRICT_OF))
WITHHELD = "withheld"
"""In place of the konfliktråd and police district of a youth whose address is protected today. frl § 10-4."""
DISTRICTS = tuple(sorted(set(DISTRICT_OF.values())))
