"""Three accounts that use the same names, merged and separated in any order, are told apart."""

from itertools import permutations
from typing import Any, Final, TypeAlias

from attrs import define, evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.account import Account
from regulars.domain.account_merge import LoyaltyAccountAbsorbed, SeparateAccount
from regulars.domain.due import balance
from regulars.domain.holders import lot_of, redemption_of, reservation_of
from regulars.domain.loyalty import Command
from regulars.domain.merged_names import told_apart
from regulars.domain.redemption import PointsRedeemed, RedemptionReversed
from regulars.domain.values import CustomerId, LotId, RedemptionId, Refusal, ReservationId
from tests.domain.account_histories import Posting
from tests.domain.chronicle import PROGRAM, Chronicle
from tests.domain.examples import ANNA, BO
from tests.domain.laws import law
from tests.domain.points import adjust, award, capture, join, redeem, release, reserve, undo
from tests.domain.story import NOON
from tests.domain.test_account_merge import town
from tests.domain.test_ledger_laws import assert_sound
from tests.domain.test_persons import CAROL

EVERYBODY: Final = (ANNA, BO, CAROL)


def into(absorbed: CustomerId, survivor: CustomerId) -> Posting:
    return evolve(join(), absorbed=absorbed, survivor=survivor)


def apart(whose: CustomerId) -> Posting:
    return SeparateAccount(program=PROGRAM, customer=whose, at=NOON)


def welcomed(points: int, whose: CustomerId) -> Posting:
    return evolve(adjust(points, adjustment="welcome"), customer=whose)


def test_a_name_that_was_made_by_one_merge_is_told_apart_by_the_next() -> None:
    written = town(
        *(welcomed(points, one) for points, one in ((10, ANNA), (20, BO), (40, CAROL))),
        into(ANNA, BO),
        apart(ANNA),
        into(BO, ANNA),
        into(ANNA, CAROL),
    )

    lots = written.account(CAROL).lots.known
    assert {name: lot.left for name, lot in lots.items()} == {
        "adjustment/welcome": 40,
        "merged/anna/adjustment/welcome": 10,
        "merged/bo/adjustment/welcome": 20,
    }
    (spent,) = written.recorded(evolve(redeem(70), customer=CAROL))
    assert isinstance(spent, PointsRedeemed)
    assert {one.lot for one in spent.allocations} == {*lots}
    assert balance(written.account(CAROL), NOON).available == 0


def test_what_comes_back_is_called_as_before_and_told_apart_from_what_came_meanwhile() -> None:
    spent = [evolve(redeem(points), customer=one) for points, one in ((3, ANNA), (4, CAROL))]
    written = town(
        *(welcomed(10, one) for one in EVERYBODY),
        *spent,
        into(ANNA, BO),
        apart(ANNA),
        into(CAROL, ANNA),
        into(BO, ANNA),
    )

    spent_by_now = written.account(ANNA).redemptions
    assert {name: one.points for name, one in spent_by_now.items()} == {
        "merged/carol/s-1": 4,
        "s-1": 3,
    }
    back = [written.recorded(undo(1, 1, redemption=name)) for name in ("s-1", "merged/carol/s-1")]
    assert [one.points for (one,) in back if isinstance(one, RedemptionReversed)] == [3, 4]


def test_a_name_is_made_until_neither_has_it() -> None:
    once, twice, often = (f"{'merged/bo/' * times}o" for times in (1, 2, 3))
    own = (LotId("o"), LotId(once), LotId("p"))

    called = told_apart(own, BO, {"o", once, twice}, {}, LotId)

    assert called == {"o": often, once: f"merged/bo/{often}", "p": "p"}


_TOLD: Final[tuple[Command, ...]] = (
    award("birthday/2024", 20_00),
    adjust(7, adjustment="welcome"),
    redeem(3),
    reserve(2),
    reserve(1, reservation="h-2"),
    reserve(1, reservation="h-3"),
    capture(redemption="s-2"),
    release(reservation="h-2"),
    undo(1, 2),
)
"""What each of the three is told, under the same ids."""

_Pair: TypeAlias = tuple[CustomerId, CustomerId]

_pairs: Final = st.sampled_from([*permutations(EVERYBODY, 2)])
_merges: Final = st.lists(st.tuples(_pairs, st.booleans()), max_size=10)


def names(account: Account) -> tuple[set[str], ...]:
    return {*account.lots.known}, {*account.held}, {*account.redemptions}


def brought(came: LoyaltyAccountAbsorbed) -> tuple[list[str], ...]:
    return (
        [one.lot for one in came.lots],
        [one.reservation for one in came.reservations],
        [one.redemption for one in came.redemptions],
    )


Place: TypeAlias = tuple[CustomerId, str]


@define
class Whereabouts:
    """An independent memory of where all went: by whose it was first, and its name there."""

    lots: dict[Place, Place]
    reservations: dict[Place, Place]
    redemptions: dict[Place, Place]

    def follow(self, came: LoyaltyAccountAbsorbed) -> None:
        _move(self.lots, came, {one.of: one.lot for one in came.lots})
        _move(self.reservations, came, {one.of: one.reservation for one in came.reservations})
        _move(self.redemptions, came, {one.of: one.redemption for one in came.redemptions})


def _move(places: dict[Place, Place], came: LoyaltyAccountAbsorbed, names: dict[Any, Any]) -> None:
    there = {(came.absorbed, of): (came.customer, name) for of, name in names.items()}
    places.update({first: there[now] for first, now in places.items() if now in there})


def everything() -> Whereabouts:
    """What each of the three has before any merge."""
    found = Whereabouts({}, {}, {})
    for one in EVERYBODY:
        found.lots[one, "birthday/2024"] = one, "birthday/2024"
        found.reservations[one, "h-3"] = one, "h-3"
        for name in ("s-1", "s-2"):
            found.redemptions[one, name] = one, name
    return found


def attempt(written: Chronicle, command: Posting, places: Whereabouts) -> None:
    """What comes with a merge has names of its own, and each account is the sum of its lots."""
    before = {one: names(written.account(one)) for one in EVERYBODY}
    try:
        events = written.recorded(command)
    except Refusal:
        return
    for event in events:
        if isinstance(event, LoyaltyAccountAbsorbed):
            places.follow(event)
            for had, came in zip(before[event.customer], brought(event), strict=True):
                assert len(had.union(came)) == len(had) + len(came)
    for one in EVERYBODY:
        state = written.account(one)
        assert_sound(state, written.accounts[PROGRAM, one].told, NOON)
        left = sum(lot.left for lot in state.lots.known.values())
        assert left == state.lots.available + state.lots.pending


@law
@given(_merges)
def test_what_three_have_is_told_apart_however_they_are_merged_and_separated(
    merges: list[tuple[_Pair, bool]],
) -> None:
    written = town(*(evolve(one, customer=whose) for whose in EVERYBODY for one in _TOLD))
    places = everything()
    for (absorbed, survivor), separated in merges:
        attempt(written, into(absorbed, survivor), places)
        if separated:
            attempt(written, apart(absorbed), places)

    for (whose, name), now in places.lots.items():
        assert lot_of(written, whose, LotId(name)) == now
    for (whose, name), now in places.reservations.items():
        assert reservation_of(written, whose, ReservationId(name)) == now
    for (whose, name), now in places.redemptions.items():
        assert redemption_of(written, whose, RedemptionId(name)) == now
    for one in EVERYBODY:
        free = balance(written.account(one), NOON).available
        if free:
            written.recorded(evolve(redeem(free, redemption="last"), customer=one))
        assert not any(lot.left for lot in written.account(one).lots.known.values())
