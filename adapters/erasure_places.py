"""
Every table of a database, and how the erasure of a person reaches it.

A test holds this against the tables that there are: whoever adds one says here that nothing
personal is in it, sealed or not, or names the sink that purges it.
"""

from collections.abc import Mapping
from typing import Final

PURGED: Final[Mapping[str, str]] = {
    "contact_tokens": "contact_index",
    "snapshots": "snapshots",
}
"""Tables that a registered `ErasureSink` purges, with its name."""

KEYED: Final[Mapping[str, str]] = {
    "events": "boxes, which nobody opens once their keys are gone",
    "keys": "wrapped keys, which are overwritten",
}
"""Tables that the destruction of keys itself takes care of."""

FREE: Final[Mapping[str, str]] = {
    "contact_versions": "which versions of the contact index there are, and how far they are",
    "follower_checkpoints": "positions, under names of followers that are not personal",
    "import_findings": "files, rows, fields and reasons, never values",
    "key_generations": "how often keys were erased",
    "recorder_streams_from_zero": "names of streams, which like every id are not personal",
    "recorder_tracking": "positions",
    "regulars_log": "the format of the tables and the head of the log",
    "view_accesses_1": "who asked for whose data and what came of it, by ids and codes",
    "view_accounts_3": "points",
    "view_books_2": "points by day of a whole programme",
    "view_checkpoints": "positions",
    "view_coupons_1": "coupons under ids that are not personal",
    "view_customers_3": "counts, amounts and times under an id that is not personal",
    "view_flags_1": "marks on events",
    "view_items_1": "what merchants sell",
    "view_ledger_3": "points",
    "view_merchants_1": "merchants and their sums",
    "view_offers_1": "what offers say",
    "view_sales_1": "sums of sales",
}
"""Tables without anything personal, with what is in them."""
