"""Figures over all customers: sales, what a programme owes, and what other rules would cost."""

from regulars.application.liability import (
    Expiring,
    Liability,
    MonthOfPoints,
    PointsOwed,
    PointValue,
    ValueOfPoints,
)
from regulars.application.report import (
    PointsTotals,
    Report,
    SalesReport,
    Sold,
    TopCustomer,
    TopItem,
    TopMerchant,
)
from regulars.application.what_if import NoReplay, WhatIf, what_if
from regulars.domain.values import MerchantId, ProgramId

__all__ = [
    "Expiring",
    "Liability",
    "MerchantId",
    "MonthOfPoints",
    "NoReplay",
    "PointValue",
    "PointsOwed",
    "PointsTotals",
    "ProgramId",
    "Report",
    "SalesReport",
    "Sold",
    "TopCustomer",
    "TopItem",
    "TopMerchant",
    "ValueOfPoints",
    "WhatIf",
    "what_if",
]
