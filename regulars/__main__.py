"""The command line: `regulars`, or `python -m regulars`."""

import sys
from typing import Final

_OPTIONAL: Final = ("click", "rich")


def main() -> None:
    """Runs the command line, or says in one line what to install for it."""
    try:
        from regulars import connect  # noqa: PLC0415 - takes a moment, in which one may interrupt
        from regulars.adapters.cli import run  # noqa: PLC0415 - needs what hosts do not install
    except KeyboardInterrupt:
        sys.exit(130)
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in _OPTIONAL:
            raise
        sys.stderr.write("The command line needs click and rich: pip install 'regulars[cli]'\n")
        sys.exit(3)
    run(connect)


if __name__ == "__main__":
    main()
