"""The konfliktråd that a name in a message refers to. Konfliktråd share one organisation number."""

import re
import unicodedata

_WORDS = re.compile(r"\b(konfliktr(?:å|aa|a)d(?:et)?|i|for)\b")

OFFICES: dict[str, str] = {
    "oslo": "oslo",
    "øst": "ost",
    "aust": "ost",
    "innlandet": "innlandet",
    "sør-øst": "sor-ost",
    "sør-aust": "sor-ost",
    "agder": "agder",
    "sør-vest": "sor-vest",
    "vest": "vest",
    "møre og romsdal": "more-og-romsdal",
    "trøndelag": "trondelag",
    "nordland": "nordland",
    "troms": "troms",
    "finnmark": "finnmark",
}
"""The place in an office's name in bokmål and nynorsk, and the code of the office."""


def office_of(name: str | None) -> str | None:
    """The code of the konfliktråd with this name: `Konfliktrådet i Troms` is `troms`; None for an unknown name."""
    bare = unicodedata.normalize("NFC", name or "").casefold().replace("–", "-")
    place = " ".join(_WORDS.sub(" ", bare).split()).replace("sør øst", "sør-øst").replace("sør vest", "sør-vest")
    return OFFICES.get(place)
