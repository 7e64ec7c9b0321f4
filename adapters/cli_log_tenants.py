"""`regulars log tenants`: whose logs a database holds, for who looks after all of them."""

import click

from regulars.adapters.cli_call import Call, call_options, examples
from regulars.adapters.cli_screen import count, listing, plain, section, show, write_json
from regulars.adapters.tenants import tenants_of


@click.command(
    epilog=examples(
        "regulars log tenants",
        "regulars log tenants --json | jq -r '.tenants[].tenant'",
    )
)
@call_options(keys=False, tenant=False)
def tenants(call: Call) -> None:
    """
    List the tenants of the database.

    Those that have events in it, and how many each has. It is for who looks after the database as a
    whole: no other command tells one tenant of another.
    """
    found = tenants_of(call.database)
    if call.as_json:
        write_json(
            {"tenants": [{"tenant": name, "events": events} for name, events in found.items()]}
        )
    else:
        rows = ((name, count(events)) for name, events in found.items())
        show(section(plain(call.named()), listing(("Tenant", "Events"), rows)))
