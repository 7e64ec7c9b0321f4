"""Customers: who they are, their cards and consents, and merges that make two of them one."""

from regulars.application.contacts import ContactsShared, ContactTaken
from regulars.application.customer import CustomerProfile, Favourite, Summary
from regulars.domain.bank_card import (
    BankCardBound,
    BankCardUnbound,
    BindBankCard,
    CardAlreadyBound,
    UnbindBankCard,
)
from regulars.domain.consents import ConsentGranted, ConsentWithdrawn, GrantConsent, WithdrawConsent
from regulars.domain.customer import (
    AddDeliveryAddress,
    AddressAlreadyAdded,
    CustomerAlreadyRegistered,
    CustomerDetailsUpdated,
    CustomerRegistered,
    DeliveryAddressAdded,
    DeliveryAddressRemoved,
    RegisterCustomer,
    RemoveDeliveryAddress,
    UnknownCustomer,
    UpdateCustomerDetails,
)
from regulars.domain.merge import (
    ErasedTogether,
    ErasureInTheWay,
    MergeCustomers,
    MergedWithItself,
    NotMerged,
    RevertMerge,
)
from regulars.domain.real_name import RealNameAlreadyVerified, RealNameVerified, VerifyRealName
from regulars.domain.records import (
    CustomerAbsorbed,
    CustomerMergeReverted,
    CustomerSeparated,
    CustomersMerged,
    MergedInto,
)
from regulars.domain.values import AddressId, CardId, CustomerId

__all__ = [
    "AddDeliveryAddress",
    "AddressAlreadyAdded",
    "AddressId",
    "BankCardBound",
    "BankCardUnbound",
    "BindBankCard",
    "CardAlreadyBound",
    "CardId",
    "ConsentGranted",
    "ConsentWithdrawn",
    "ContactTaken",
    "ContactsShared",
    "CustomerAbsorbed",
    "CustomerAlreadyRegistered",
    "CustomerDetailsUpdated",
    "CustomerId",
    "CustomerMergeReverted",
    "CustomerProfile",
    "CustomerRegistered",
    "CustomerSeparated",
    "CustomersMerged",
    "DeliveryAddressAdded",
    "DeliveryAddressRemoved",
    "ErasedTogether",
    "ErasureInTheWay",
    "Favourite",
    "GrantConsent",
    "MergeCustomers",
    "MergedInto",
    "MergedWithItself",
    "NotMerged",
    "RealNameAlreadyVerified",
    "RealNameVerified",
    "RegisterCustomer",
    "RemoveDeliveryAddress",
    "RevertMerge",
    "Summary",
    "UnbindBankCard",
    "UnknownCustomer",
    "UpdateCustomerDetails",
    "VerifyRealName",
    "WithdrawConsent",
]
