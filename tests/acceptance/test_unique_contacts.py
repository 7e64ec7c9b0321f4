"""Several processes on one database: a contact is one customer's, and the tables show no value."""

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from regulars import Actor, Contact, ContactTaken, CustomerId, RegisterCustomer, connect
from regulars.testing.canaries import Canaries
from tests.forked import Forked
from tests.postgres_server import new_database

PEOPLE = 25
AT = datetime(2024, 1, 1, tzinfo=UTC)
OFFICER = Actor(role="privacy_officer", id="po-1")


def started(url: str, keys: Path, name: str, closing: ExitStack) -> Forked:
    running = closing.enter_context(
        Forked("tests.acceptance.registrar", url, str(keys), name, str(PEOPLE))
    )
    closing.callback(running.kill)
    return running


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_of_two_processes_that_register_one_number_one_is_refused(
    store: str, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}" if store == "sqlite" else new_database()
    keys = tmp_path / "shop.keys"
    with connect(url, keys=keys, contacts="unique", region="CN"):
        pass

    with ExitStack() as closing:
        both = [started(url, keys, name, closing) for name in ("one", "other")]
        for running in both:
            running.stdout.readline()
        got = [running.answer("go\n").split() for running in both]

    # Where both are refused nobody would have the number; where neither is, two would.
    assert sorted(int(number) for each in got for number in each) == [*range(PEOPLE)]
    with connect(url, keys=keys) as crm:
        held = [
            crm.find_customer(phone=f"139{number:08}", purpose="legal_duty", actor=OFFICER)
            for number in range(PEOPLE)
        ]
        assert [len(customers) for customers in held] == [1] * PEOPLE
        assert crm.lookup.status()[0].tokens == PEOPLE


def test_the_index_holds_no_number_and_no_address(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    canaries = Canaries({"phone": "+86 138 4729 1836", "email": "kanarienvogel@example.org"})
    contact = Contact(phone="+86 138 4729 1836", email="kanarienvogel@example.org")
    path = tmp_path / "shop.db"
    caplog.set_level("DEBUG")
    with connect(f"sqlite:///{path}", contacts="unique") as crm:
        register = RegisterCustomer(customer=CustomerId("ada"), at=AT, contact=contact)
        crm.execute(register, by="web", id="r-1")
        with pytest.raises(ContactTaken) as refused:
            crm.execute(
                RegisterCustomer(customer=CustomerId("bob"), at=AT, contact=contact), by="web"
            )
        crm.lookup.rotate()
        assert crm.find_customer(phone="+8613847291836", purpose="legal_duty", actor=OFFICER) == (
            "ada",
        )

        assert canaries.in_folder(tmp_path) == []
        assert canaries.in_text(f"{caplog.text} {refused.value!r} {refused.value}", "said") == []
    assert canaries.in_database(f"sqlite:///{path}") == []
