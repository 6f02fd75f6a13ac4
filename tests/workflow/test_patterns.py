"""What may stand in a text from outside, where no regular expression alone says it."""

import pytest

from ungdom.workflow.patterns import holds_identity_number

NUMBER = "15087198765"


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        (NUMBER, True),
        (f"skole-{NUMBER}", True),
        (f"a{NUMBER}b", True),
        (f"0{NUMBER}", False),
        (NUMBER[:10], False),
        (f"0f8fad5b-d9cb-469f-a165-{NUMBER}a", False),
        (f"0F8FAD5B-D9CB-469F-A165-{NUMBER}A", False),
        (f"urn:0f8fad5b-d9cb-469f-a165-{NUMBER}a", True),
    ],
)
def test_eleven_digits_by_themselves_are_an_identity_number_but_not_within_a_uuid(text: str, holds: bool) -> None:
    assert holds_identity_number(text) is holds
