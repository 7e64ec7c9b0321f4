from attrs import evolve

from regulars.adapters.codec import STORED
from regulars.application.catalogue import VIEWS
from regulars.application.loyalty import ACCOUNTS
from regulars.domain.customer import CustomerRegistered, DeliveryAddressAdded
from regulars.domain.loyalty import PointsEarned
from regulars.domain.order import OrderAccepted, OrderDelivered
from regulars.domain.program import ProgramDefined
from regulars.domain.purchase import OrderPlaced
from regulars.domain.review import ReviewSubmitted
from tests.adapters.events_page import PAGE, data_classes, page, readers
from tests.adapters.older_events import LONG_LIVED
from tests.adapters.stored_fields import fields_of


def test_the_page_of_events_tells_what_the_code_stores() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_box_is_told_with_the_data_class_under_whose_key_it_is_sealed() -> None:
    assert data_classes(CustomerRegistered) == {
        "contact": "contact",
        "profile": "profile",
        "extra": "content",
    }
    assert data_classes(DeliveryAddressAdded) == {"address": "address"}
    assert data_classes(OrderPlaced) == {"extra": "content"}
    assert data_classes(ReviewSubmitted) == {"text": "content"}
    for event in STORED:
        boxes = {name for name, words in fields_of(event).items() if "Sealed" in words}
        assert data_classes(event).keys() == boxes


def test_everyone_who_reads_an_event_is_told() -> None:
    assert readers(OrderDelivered, VIEWS) == (
        "Read by views `customers`, `sales`, `merchants`, `flags`; policies `earn_on_delivery`."
    )
    assert readers(OrderAccepted, VIEWS) == "Read by views `flags`."
    assert readers(OrderAccepted, ()) == "Read by no view and no policy."
    assert readers(ProgramDefined, VIEWS) == "Read by no view and no policy."


def test_a_view_that_reads_one_event_less_makes_the_page_another() -> None:
    blind = evolve(ACCOUNTS, reads=ACCOUNTS.reads - {PointsEarned})
    views = [blind if view is ACCOUNTS else view for view in VIEWS]

    assert page(views=views) != page()


def test_what_older_versions_have_become_is_told() -> None:
    told = page(LONG_LIVED)

    assert "| ConsentGranted 1 | ConsentGranted 2 |" in page()
    assert "| OrderTaken 1 | OrderTaken 2 |" in told
    assert "| OrderServed 1 | OrderReady 1, OrderDelivered 1 |" in told
    assert "| OrderNoted 1 | nothing |" in told
