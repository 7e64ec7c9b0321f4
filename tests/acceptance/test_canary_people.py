"""A hundred people whose every detail is a canary: recorded on each database, found in none."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import create_engine, text

from regulars import Crm, connect
from regulars.adapters.key_ring import create_key_file
from regulars.domain.customer import AddDeliveryAddress, RegisterCustomer
from regulars.domain.order import MarkDelivered
from regulars.domain.purchase import PlaceOrder
from regulars.domain.review import SubmitReview
from regulars.domain.values import AddressId, CustomerId, OrderId
from regulars.testing import CanaryPerson, canaries_of, canary_people
from tests.postgres_server import new_database

AT: Final = datetime(2024, 5, 1, 10, 0, tzinfo=UTC)
PEOPLE: Final = canary_people(100)
CANARIES: Final = canaries_of(PEOPLE)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'shop.db'}" if request.param == "sqlite" else new_database()


def _live(crm: Crm, person: CanaryPerson) -> None:
    customer, order = CustomerId(f"c{person.number}"), OrderId(f"o{person.number}")
    requests = (
        RegisterCustomer(customer=customer, at=AT, contact=person.contact, profile=person.profile),
        AddDeliveryAddress(
            customer=customer, at=AT, address_id=AddressId("home"), address=person.address
        ),
        PlaceOrder(
            order=order,
            at=AT,
            currency="USD",
            total=1_999,
            customer=customer,
            extra=person.content,
        ),
        MarkDelivered(order=order, at=AT),
        SubmitReview(order=order, at=AT, customer=customer, stars=5, text=person.content),
    )
    for command in requests:
        crm.execute(command, by="app")


def test_nothing_of_a_hundred_people_is_found_in_a_database(url: str, tmp_path: Path) -> None:
    keys = tmp_path / "shop.keys"
    create_key_file(keys)
    with connect(url, keys=keys, environment={}) as crm:
        for person in PEOPLE:
            _live(crm, person)
        assert crm.verify().sound
        found = CANARIES.in_folder(tmp_path)

    driver = url.replace("postgresql:", "postgresql+psycopg:")
    assert found + CANARIES.in_folder(tmp_path) + CANARIES.in_database(driver) == []


def test_one_detail_of_one_of_them_is_found_in_any_table(url: str) -> None:
    driver = url.replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(driver)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE calls (number text)"))
        connection.execute(
            text("INSERT INTO calls VALUES (:number)"),
            {"number": PEOPLE[73].values["phone"].replace(" ", "")},
        )
    engine.dispose()

    found = {(find.canary, find.place) for find in CANARIES.in_database(driver)}

    assert found == {("phone of 73", "table calls")}


def test_people_are_the_same_each_time_and_no_two_alike() -> None:
    values = [value for person in PEOPLE for value in (person.values[one] for one in ("phone",))]

    assert canary_people(100) == PEOPLE
    assert len({*values}) == len(PEOPLE)
    assert all(re.search(str(person.number), person.values["name"]) for person in PEOPLE)


def test_they_say_nothing_of_themselves_by_accident() -> None:
    assert CANARIES.in_text(repr(PEOPLE), "their repr") == []


@pytest.mark.parametrize("count", [-1, 1_001])
def test_there_are_no_more_than_can_be_told_apart(count: int) -> None:
    with pytest.raises(ValueError, match=f"0 to 1000, not {count}"):
        canary_people(count)
