from datetime import timedelta

import pytest
from attrs import evolve

from regulars.application import noticing
from regulars.application.noticing import NoticeDays, Noticing
from regulars.domain.expiry_notice import ImpossibleNotice, PointsExpiryNoticeIssued
from regulars.domain.program import DefineProgram, SetProgramPolicies
from regulars.domain.program_policies import ProgramPolicies
from regulars.domain.values import CustomerId, ProgramId
from tests.application.memory_crm import Parts, memory_core
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA
from tests.domain.points import award
from tests.domain.story import NOON

BO = CustomerId("bo")
SOON = NOON + timedelta(days=5)


@pytest.fixture
def shop() -> Parts:
    """A shop in which Anna and Bo have points that end soon, and Cai in another programme."""
    shop = memory_core()
    lot = award("lot", 10_00, expires_at=SOON)
    shop.execute(lot)
    shop.execute(evolve(lot, customer=BO))
    shop.execute(evolve(lot, customer=CustomerId("cai"), program=ProgramId("other")))
    return shop


def run(shop: Parts, days: int = 10) -> tuple[int, list[PointsExpiryNoticeIssued]]:
    told: list[PointsExpiryNoticeIssued] = []
    count = Noticing(shop.crm).run(PROGRAM, at=NOON, days=days, told=told.append)
    return count, told


def test_every_account_is_told_once(shop: Parts) -> None:
    count, told = run(shop)

    assert (count, [one.customer for one in told]) == (2, [ANNA, BO])
    assert run(shop) == (2, [])


def test_what_fell_due_is_recorded_with_a_notice_and_is_none(shop: Parts) -> None:
    shop.execute(award("gone", 5_00, expires_at=NOON))

    assert [one.points for one in run(shop)[1]] == [10, 10]


def test_a_run_that_was_stopped_is_carried_on(shop: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noticing, "_AT_ONCE", 1)

    def stop(done: int, of: int) -> None:
        assert (done, of) == (1, 2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Noticing(shop.crm).run(PROGRAM, at=NOON, days=10, told=lambda _: None, progress=stop)

    assert [one.customer for one in run(shop)[1]] == [BO]


def test_days_that_cannot_be_are_refused(shop: Parts) -> None:
    with pytest.raises(ImpossibleNotice):
        run(shop, days=0)


def test_the_programme_says_how_long_before(shop: Parts) -> None:
    assert shop.crm.ask(NoticeDays(program=PROGRAM)) is None
    policies = ProgramPolicies(notice_days=7)
    define = DefineProgram(program=PROGRAM, at=NOON, name="Regulars")
    shop.execute(define, SetProgramPolicies(program=PROGRAM, at=NOON, policies=policies))

    assert shop.crm.ask(NoticeDays(program=PROGRAM)) == 7
