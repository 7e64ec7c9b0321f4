"""People whose every detail is a canary: each is told apart, and says nothing by accident."""

import re
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import create_engine, text

from regulars.testing import canaries_of, canary_people
from tests.postgres_server import new_database

PEOPLE: Final = canary_people(100)
CANARIES: Final = canaries_of(PEOPLE)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'shop.db'}" if request.param == "sqlite" else new_database()


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


@pytest.mark.parametrize("number", [0, 3, 73])
def test_what_is_found_is_said_to_be_of_who_it_is_or_of_somebody(number: int) -> None:
    for detail, value in PEOPLE[number].values.items():
        found = {(find.canary, find.encoding) for find in CANARIES.in_text(value, "a letter")}
        own = detail in ("phone", "e-mail", "birth date", "document number")

        assert {whose for whose, _ in found} - {"e-mail of somebody"} == (
            {f"{detail} of {number}"} if own else {f"{detail} of somebody"}
        )
        assert "utf-8" in {encoding for _, encoding in found}
        assert "entities" not in {encoding for _, encoding in found}


def test_people_are_the_same_each_time_and_no_two_alike() -> None:
    own = ("phone", "e-mail", "birth date", "document number")

    assert canary_people(100) == PEOPLE
    for detail in own:
        assert len({person.values[detail] for person in PEOPLE}) == len(PEOPLE)
    assert all(re.search(str(person.number), person.values["name"]) for person in PEOPLE)


def test_they_say_nothing_of_themselves_by_accident() -> None:
    assert CANARIES.in_text(repr(PEOPLE), "their repr") == []


@pytest.mark.parametrize("count", [-1, 1_001])
def test_there_are_no_more_than_can_be_told_apart(count: int) -> None:
    with pytest.raises(ValueError, match=f"0 to 1000, not {count}"):
        canary_people(count)
