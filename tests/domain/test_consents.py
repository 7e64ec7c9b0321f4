"""The last word about a channel counts, be it about that channel or about all."""

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.consents import (
    Command,
    Consents,
    ConsentWithdrawn,
    GrantConsent,
    WithdrawConsent,
    decide,
    fold,
)
from regulars.domain.reading import Consent
from tests.domain.examples import ANNA
from tests.domain.story import NOON

CHANNELS = ("sms", "mail", None)
ALLOW = GrantConsent(customer=ANNA, at=NOON, purpose="marketing")
STOP = WithdrawConsent(customer=ANNA, at=NOON, purpose="marketing")


def told(*commands: Command) -> Consents:
    state = Consents()
    for command in commands:
        for event in decide(command, state):
            fold(state, event)
    return state


def allows(state: Consents, channel: str | None) -> bool:
    return state.about("marketing", channel, NOON) is Consent.GIVEN


def last_word(commands: list[Command], channel: str | None) -> bool:
    about = [one for one in commands if one.channel in (None, channel)]
    return bool(about) and isinstance(about[-1], GrantConsent)


@given(
    st.lists(
        st.builds(evolve, st.sampled_from([ALLOW, STOP]), channel=st.sampled_from(CHANNELS)),
        max_size=8,
    )
)
def test_the_last_word_about_a_channel_counts(commands: list[Command]) -> None:
    state = told(*commands, evolve(ALLOW, purpose="analytics"))

    for channel in ("sms", "mail", "push"):
        assert allows(state, channel) is last_word(commands, channel)
    assert allows(state, None) is all(last_word(commands, one) for one in CHANNELS)
    assert state.about("analytics", "sms", NOON) is Consent.GIVEN


def test_a_channel_is_withdrawn_out_of_a_consent_for_all() -> None:
    state = told(ALLOW)

    assert decide(evolve(STOP, channel="sms"), state) == [
        ConsentWithdrawn(customer=ANNA, purpose="marketing", channel="sms")
    ]
    state = told(ALLOW, evolve(STOP, channel="sms"))
    assert state.about("marketing", "sms", NOON) is Consent.WITHDRAWN
    assert state.about("marketing", None, NOON) is Consent.WITHDRAWN
    assert state.about("marketing", "mail", NOON) is Consent.GIVEN
    assert decide(evolve(STOP, channel="sms"), state) == []
    assert decide(ALLOW, state) != []


def test_a_consent_is_withdrawn_for_every_channel_at_once() -> None:
    state = told(evolve(ALLOW, channel="sms"), evolve(ALLOW, channel="mail"))

    assert decide(STOP, state) == [
        ConsentWithdrawn(customer=ANNA, purpose="marketing", channel="mail"),
        ConsentWithdrawn(customer=ANNA, purpose="marketing", channel="sms"),
    ]


def test_what_was_never_allowed_is_not_withdrawn() -> None:
    assert decide(STOP, Consents()) == []
    assert decide(evolve(STOP, channel="mail"), told(evolve(ALLOW, channel="sms"))) == []
