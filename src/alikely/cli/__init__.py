"""The command line. No logic of its own: each command calls what Python users call, and prints what it gives.

Exit codes: 0 done (compare: same), 1 compare: different, 2 error, 3 compare: unsure, 130 stopped by Ctrl-C.
"""

import sys

from alikely.cli.app import app
from alikely.cli.output import print_error
from alikely.errors import AlikelyError


def main() -> None:
    """Run a command; one of our errors becomes one message and exit code 2, never a traceback."""
    # The modules register their commands; what is heavy is imported inside each.
    from alikely.cli import demonstrating, judging, learning, looking  # noqa: F401

    try:
        app(standalone_mode=True)
    except AlikelyError as error:
        print_error(error, as_json="--json" in sys.argv)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)
