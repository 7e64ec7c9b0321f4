"""Who and what the examples of events are about."""

from datetime import UTC, datetime

from regulars.domain.values import AddressId, CustomerId, MerchantId, OrderId, ProgramId

ADA = CustomerId("ada")
CAFE = MerchantId("café-7")
HOME = AddressId("home")
ORDER = OrderId("订单-1001")
PROGRAM = ProgramId("default")
PLACED_AT = datetime(2026, 2, 28, 23, 59, 59, 123456, tzinfo=UTC)
