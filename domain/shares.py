"""A whole number split over parts, exactly: by the largest remainder (R2 of docs/loyalty.md)."""

from collections.abc import Sequence


def shares(amount: int, weights: Sequence[int]) -> list[int]:
    """
    `amount` in parts that are proportional to `weights` and add up to it.

    Each part is its exact share rounded down; what is left goes, one each, to the parts that lost
    most by rounding, and of equals to the first.

    Raises:
        ValueError: the amount or a weight is negative, or there is no weight to split it by.
    """
    whole = sum(weights)
    if amount < 0 or min(weights, default=0) < 0 or (amount and not whole):
        raise ValueError(f"{amount} cannot be split by these weights")
    if amount == whole:
        return list(weights)
    parts = [amount * weight // whole for weight in weights]
    lost = [amount * weight % whole for weight in weights]
    left = amount - sum(parts)
    for place in sorted(range(len(parts)), key=lambda at: -lost[at])[:left]:
        parts[place] += 1
    return parts
