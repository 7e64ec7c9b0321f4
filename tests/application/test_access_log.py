import pytest
from attrs import evolve

from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.application.access_log import AccessLog, Incident, Incidents
from regulars.application.errors import MayNotWrite
from regulars.application.reading import DataOf
from regulars.domain.actor import (
    Actor,
    ActorReinstated,
    ActorSuspended,
    ReinstateActor,
    WriteRefused,
)
from regulars.domain.customer import RegisterCustomer
from regulars.domain.personal import DataClass
from regulars.domain.reading import DEFAULT_POLICY, Limit
from tests.application.memory_crm import TENANT, Parts, core
from tests.domain.examples import ANNA
from tests.domain.story import NOON

SAM = Actor(role="support", id="s-7")
OFFICER = Actor(role="privacy_officer", id="po-1")
TIGHT = evolve(DEFAULT_POLICY, limits=(Limit(role="support", reads=1, seconds=60),))


def read_too_much() -> Parts:
    town = core(MemoryStorage(tenant=TENANT), MemoryKeyStore(), policy=TIGHT)
    town.execute(RegisterCustomer(customer=ANNA, at=NOON))
    sought = DataOf(customer=ANNA, data_class=DataClass.CONTACT)
    town.crm.reveal(sought, purpose="service", actor=SAM)
    town.crm.reveal(sought, purpose="service", actor=SAM)
    return town


def test_what_became_of_readers_is_told_beside_what_they_read() -> None:
    town = read_too_much()
    town.execute(ReinstateActor(actor=SAM, at=town.clock.now(), officer=OFFICER, reason="t-12"))
    with pytest.raises(MayNotWrite):
        town.crm.execute(RegisterCustomer(customer=ANNA, at=NOON), by="auditor:a-1")

    told = town.crm.ask(Incidents())

    assert [one.event for one in told] == [
        ActorSuspended(role="support", actor="s-7", reads=1, seconds=60),
        ActorReinstated(role="support", actor="s-7", officer="po-1", reason="t-12"),
        WriteRefused(role="auditor", actor="a-1", commands=("RegisterCustomer",)),
    ]
    assert town.crm.ask(Incidents(actor=SAM)) == told[:2]
    assert len(town.crm.ask(AccessLog(actor=SAM))) == 2


def test_what_became_of_a_reader_is_told_as_of_any_position() -> None:
    town = read_too_much()
    (suspended,) = town.crm.ask(Incidents())
    town.execute(ReinstateActor(actor=SAM, at=town.clock.now(), officer=OFFICER))

    assert isinstance(suspended, Incident)
    assert town.crm.ask(Incidents(), as_of=suspended.position) == (suspended,)
    assert town.crm.ask(Incidents(), as_of=suspended.position - 1) == ()
