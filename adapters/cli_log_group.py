"""`regulars log`: the commands that work on the log as a whole, without its keys."""

import click

from regulars.adapters.cli_log_archive import export, import_
from regulars.adapters.cli_log_backup import backup, restore
from regulars.adapters.cli_log_check import check, status
from regulars.adapters.cli_log_migration import migrate
from regulars.adapters.cli_log_tenants import tenants


class _InOrder(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click has it
        """In the order in which one meets them."""
        return list(self.commands)


@click.group(cls=_InOrder, no_args_is_help=False)
def log() -> None:
    """
    Look after the log: see, check, copy, restore, migrate.

    None of these needs a key or opens a box of personal data.
    """


for _command in (status, tenants, check, export, import_, backup, restore, migrate):
    log.add_command(_command)
