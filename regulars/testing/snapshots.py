"""What every `Snapshots` promises."""

from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import Any, Final

from attrs import define, evolve

from regulars.application.aggregates import (
    ACCOUNT,
    ACTOR,
    CAMPAIGN,
    CUSTOMER,
    ERASURE,
    MERCHANT,
    OFFER,
    ORDER,
    PROGRAM,
    REFERRAL,
    SUBJECT_REQUEST,
    Aggregate,
)
from regulars.application.snapshots import Snapshot, Snapshots
from regulars.domain.account import Account
from regulars.domain.account_merge import LoyaltyAccountMerged
from regulars.testing.example_events import EXAMPLES

AGGREGATES: Final = {
    "customer-ada": CUSTOMER,
    "merchant-café-7": MERCHANT,
    "order-订单-1001": ORDER,
    "program-default": PROGRAM,
    "account-default/ada": ACCOUNT,
    "erasure-ada": ERASURE,
    "erasure_of-courier/c-7": ERASURE,
    "actor-support/s-7": ACTOR,
    "offer-default/满50减10": OFFER,
    "campaign-default/spring": CAMPAIGN,
    "referral-default/ada": REFERRAL,
    "request-r-7": SUBJECT_REQUEST,
}
"""A stream of each kind, and its aggregate."""


@define
class Purse:
    """A state with as many fields as an account's, and other ones."""

    opened: bool = False
    coins: int = 0


NEWER: Final = evolve(ACCOUNT, fold_version=ACCOUNT.fold_version + 1)
OTHER_STATE: Final = evolve(ACCOUNT, state=Purse)
OTHER_EVENTS: Final = evolve(ACCOUNT, events=ACCOUNT.events[:-1])


_EMPTYING: Final = LoyaltyAccountMerged


def filled(aggregate: Aggregate) -> Any:  # noqa: ANN401 - each aggregate has its own
    """A state into which an example of each event was folded."""
    state = aggregate.state()
    # What takes everything out of an account comes first.
    for event in sorted(EXAMPLES.values(), key=lambda one: not isinstance(one, _EMPTYING)):
        if isinstance(event, aggregate.events):
            aggregate.fold(state, event, datetime(2026, 3, 1, 12, 30, tzinfo=UTC))
    return state


def account(debt: int) -> Account:
    """The state of an account that owes so many points."""
    return Account(opened=True, debt=debt)


def keep(kept: Snapshots, stream: str, version: int, debt: int = 0) -> Snapshot:
    """Keep a snapshot of an account; what was kept."""
    snapshot = Snapshot(version, account(debt))
    kept.keep(stream, ACCOUNT, snapshot)
    return snapshot


def load(kept: Snapshots, *streams: str, aggregate: Aggregate = ACCOUNT) -> dict[str, Snapshot]:
    """What is kept of these streams, all of one aggregate."""
    return kept.load(dict.fromkeys(streams, aggregate))


class SnapshotsContract(ABC):
    """
    The promises of the `Snapshots` port, a test each, for a subclass that pytest collects.

    Every test has an instance of its own and begins with a place that has nothing in it.
    """

    @abstractmethod
    def open(self, tenant: str) -> Snapshots:
        """Opens the snapshots of a tenant, once a test; all are in one place."""

    def test_every_kind_of_state_comes_back_whole(self) -> None:
        kept = self.open("shop")
        states = {stream: filled(aggregate) for stream, aggregate in AGGREGATES.items()}

        for version, (stream, state) in enumerate(states.items(), 7):
            kept.keep(stream, AGGREGATES[stream], Snapshot(version, state))

        assert kept.load(AGGREGATES) == {
            stream: Snapshot(version, filled(AGGREGATES[stream]))
            for version, stream in enumerate(AGGREGATES, 7)
        }

    def test_an_empty_state_comes_back_too(self) -> None:
        kept = self.open("shop")

        for stream, aggregate in AGGREGATES.items():
            kept.keep(stream, aggregate, Snapshot(1, aggregate.state()))

        assert {name: one.state for name, one in kept.load(AGGREGATES).items()} == {
            stream: aggregate.state() for stream, aggregate in AGGREGATES.items()
        }

    def test_a_stream_of_which_nothing_is_kept_is_left_out(self) -> None:
        kept = self.open("shop")
        snapshot = keep(kept, "a", 1)

        assert load(kept, "a", "b", "A") == {"a": snapshot}
        assert load(kept) == load(kept, "b") == {}

    def test_a_snapshot_takes_the_place_of_the_one_before(self) -> None:
        kept = self.open("shop")
        keep(kept, "a", 5, 50)
        other = keep(kept, "b", 5, 50)

        for version in (9, 3):
            newer = keep(kept, "a", version, version * 10)
            assert load(kept, "a", "b") == {"a": newer, "b": other}

    def test_many_are_loaded_at_once(self) -> None:
        kept = self.open("shop")
        snapshots = {f"a {number}": keep(kept, f"a {number}", 1, number) for number in range(1_100)}

        assert load(kept, *snapshots, "unknown") == snapshots

    def test_some_are_forgotten_and_the_others_stay(self) -> None:
        kept = self.open("shop")
        keep(kept, "a", 1)
        keep(kept, "c", 1)
        b = keep(kept, "b", 1)

        assert kept.forget(["a", "c", "unknown"]) == 2
        assert load(kept, "a", "b", "c") == {"b": b}
        assert kept.forget([]) == kept.forget(["a"]) == 0
        assert kept.forget() == 1

    def test_the_caller_owns_the_states(self) -> None:
        kept = self.open("shop")
        keep(kept, "a", 1, 10).state.debt = 99
        load(kept, "a")["a"].state.debt = 77

        assert load(kept, "a") == {"a": Snapshot(1, account(10))}

    def test_what_was_made_by_another_fold_is_as_if_it_had_never_been_kept(self) -> None:
        kept = self.open("shop")
        snapshot = keep(kept, "a", 1, 10)

        for other in (NEWER, OTHER_STATE, OTHER_EVENTS, CUSTOMER):
            assert load(kept, "a", aggregate=other) == {}
        assert load(kept, "a") == {"a": snapshot}

    def test_another_fold_keeps_its_own_instead(self) -> None:
        kept = self.open("shop")
        keep(kept, "a", 1, 10)

        kept.keep("a", NEWER, Snapshot(2, account(20)))

        assert load(kept, "a") == {}
        assert load(kept, "a", aggregate=NEWER) == {"a": Snapshot(2, account(20))}

    def test_a_state_that_cannot_be_written_down_stops_nobody(self) -> None:
        kept = self.open("shop")
        before = keep(kept, "a", 1, 10)

        after = keep(kept, "a", 2, 10**30)

        assert load(kept, "a")["a"] in {1: before, 2: after}.values()

    def test_what_is_kept_is_listed_in_order_whoever_made_it(self) -> None:
        kept = self.open("shop")
        assert kept.streams() == []
        for stream in ("b", "é", "a", "B"):
            keep(kept, stream, 1)
        kept.keep("c", NEWER, Snapshot(1, account(1)))

        assert kept.streams() == ["B", "a", "b", "c", "é"]

    def test_everything_is_forgotten_at_once(self) -> None:
        kept = self.open("shop")
        keep(kept, "a", 1)
        kept.keep("b", NEWER, Snapshot(1, account(1)))

        kept.forget()
        kept.forget()

        assert (load(kept, "a"), kept.streams()) == ({}, [])
        snapshot = keep(kept, "a", 2)
        assert load(kept, "a") == {"a": snapshot}

    def test_tenants_see_nothing_of_each_other(self) -> None:
        mine, theirs = self.open("shop"), self.open("other")
        snapshot = keep(mine, "a", 1, 10)
        assert (load(theirs, "a"), theirs.streams()) == ({}, [])
        keep(theirs, "a", 2, 20)
        keep(theirs, "b", 2, 20)

        assert load(mine, "a", "b") == {"a": snapshot}
        theirs.forget()

        assert load(mine, "a") == {"a": snapshot}
        assert (mine.streams(), theirs.streams()) == (["a"], [])
