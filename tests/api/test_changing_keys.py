"""Keys of issuers change while the service runs, and issuers are down: who comes in, who does not, who has to wait."""

from tests.api.build import assert_problem
from tests.api.issuing import rsa, saying, signed
from tests.api.trusting import MACHINE, PERSON, SECONDS, STAFF, SYSTEM, Place, person, shape, system
from ungdom.api.http.auth.keys import MAX_KEY_AGE, MIN_FETCH_INTERVAL


def test_a_rotated_key_works_without_a_restart_and_the_removed_one_no_longer(fresh: Place) -> None:
    token = signed(MACHINE, system(exp=SECONDS + 10**7))
    assert fresh.ask(token).status_code == 200
    new = rsa("machine-2")
    fresh.machines.keys = [new]
    fresh.service.clock.instant += MIN_FETCH_INTERVAL
    assert fresh.ask(signed(new, SYSTEM)).status_code == 200
    shape(fresh.ask(token))


def test_a_key_that_was_removed_is_refused_after_a_day_at_the_latest(fresh: Place) -> None:
    token = signed(MACHINE, system(exp=SECONDS + 10**7))
    assert fresh.ask(token).status_code == 200
    fresh.machines.keys = [rsa("machine-2")]
    fresh.service.clock.instant += MAX_KEY_AGE
    shape(fresh.ask(token))


def test_while_an_issuer_is_down_its_people_come_in_and_the_others_are_not_touched(fresh: Place) -> None:
    fresh.machines.answer = saying(500)
    answer = fresh.ask(signed(MACHINE, SYSTEM))
    assert_problem(answer, 503, "unavailable")
    assert answer.headers["Retry-After"] == "10"
    assert fresh.ask(signed(STAFF, PERSON)).status_code == 200
    fresh.login.answer = saying(500)
    fresh.service.clock.instant += MAX_KEY_AGE
    assert fresh.ask(signed(STAFF, person(exp=SECONDS + 10**7))).status_code == 200


def test_an_issuer_that_is_not_trusted_is_never_asked(fresh: Place) -> None:
    elsewhere = fresh.login.url.removesuffix("/jwk")
    shape(fresh.ask(signed(STAFF, person(iss=elsewhere), jku=f"{elsewhere}/jwk")))
    assert fresh.login.asked == []
    assert fresh.machines.asked == []


def test_open_pages_ask_no_issuer(fresh: Place) -> None:
    fresh.machines.answer = saying(500)
    for path in ("/health/live", "/health/ready", "/openapi.json"):
        assert fresh.ask(signed(MACHINE, SYSTEM), path).status_code == 200
    assert fresh.machines.asked == []
