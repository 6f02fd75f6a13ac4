"""The regular expressions that texts from outside have to match, and the name of the rule that each of them states.

The sentence for a text of another form is chosen by that name: `invalid.<name>` in the catalogues of texts.
"""

import re

CODE = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"
PROVISION = r"^[a-z]{2,8}-[0-9][0-9a-z. ]{0,40}$"
MUNICIPALITY = r"^[0-9]{4}$"
IDENTITY_NUMBER = r"^[0-9]{11}$"
CASE_NUMBER = r"^[A-Za-z0-9][A-Za-z0-9 ./:-]{2,39}$"
DECISION_ID = r"^[A-Za-z0-9][A-Za-z0-9._:/{}-]{0,119}$"
PURPOSE = r"^[a-z0-9][a-z0-9-]{0,62}$"
VISIBLE = r"^[\x21-\x7e]+$"
SUBJECT = r"^[\x21-\x7e]{1,255}$"

RULES: dict[str, str] = {
    CODE: "code_form",
    PROVISION: "provision_form",
    MUNICIPALITY: "municipality_form",
    IDENTITY_NUMBER: "identity_number_form",
    CASE_NUMBER: "case_number_form",
    DECISION_ID: "decision_id_form",
    PURPOSE: "purpose_form",
    VISIBLE: "visible_form",
    SUBJECT: "subject_form",
}
"""The name of each rule by its expression."""

_ELEVEN_DIGITS = re.compile(r"(?<!\d)\d{11}(?!\d)", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def holds_identity_number(text: str) -> bool:
    """Whether eleven digits stand by themselves in it, as a national identity number does.

    A UUID holds none: in one of 230 its random part has eleven digits beside a letter.
    """
    return _ELEVEN_DIGITS.search(text) is not None and not _UUID.fullmatch(text)
