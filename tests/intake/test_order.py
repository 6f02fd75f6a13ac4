"""Messages in whatever order they come: the same case in the end, nothing done twice, nothing started too early."""

import pytest

from tests.intake.build import CHAIN, File, content_of, nothing_wrong
from tests.service import Service


def test_try(one: Service) -> None:
    file = File(one)
    for r in file.sent(*CHAIN):
        print(r)
    print(content_of(one, r["case"]["id"]))
    nothing_wrong(one)
    assert 0
