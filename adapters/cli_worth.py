"""What a point is worth, as people say it on the command line: an amount and its currency."""

import click

from regulars.adapters import history_fields
from regulars.adapters.history_fields import Unfit
from regulars.domain.values import Money, digits


def worth_of(
    ctx: click.Context, param: click.Parameter, value: tuple[str, str] | None
) -> Money | None:
    """
    The callback of an option of two words; None where it is left out.

    Raises:
        BadParameter: it is no amount of a currency.
    """
    if value is None:
        return None
    text, code = value
    try:
        currency = history_fields.currency("the currency", code)
        minor = history_fields.amount("the amount", text, digits(currency))
        return Money(minor=history_fields.present("the amount", minor), currency=currency)
    except Unfit as unfit:
        message = f"{unfit.field} {unfit.reason}"
        raise click.BadParameter(message, ctx=ctx, param=param) from None
