"""Every view that the core keeps."""

from typing import Any, Final

from regulars.application.access_log import ACCESSES
from regulars.application.books import BOOKS
from regulars.application.coupons import COUPONS, OFFERS
from regulars.application.customer import CUSTOMERS
from regulars.application.loyalty import ACCOUNTS, LEDGER
from regulars.application.sales import FLAGS, ITEMS, MERCHANTS, SALES
from regulars.application.views import View

VIEWS: Final[tuple[View[Any, Any], ...]] = (
    CUSTOMERS,
    ACCOUNTS,
    LEDGER,
    SALES,
    MERCHANTS,
    ITEMS,
    FLAGS,
    ACCESSES,
    COUPONS,
    OFFERS,
)
"""Every view that is folded from the log, in the order in which they are told of."""

KEPT: Final[tuple[View[Any, Any], ...]] = (*VIEWS, BOOKS)
"""All that a store keeps rows of: every view, and the books."""
