"""`python -m odata_query`, and the script `odata-query`."""

import sys

from .installation import verify


def main() -> None:
    """Run the command line, or say what it needs."""
    verify()
    try:
        from .cli import main as command_line
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in ("click", "rich"):
            raise
        print('odata-query needs click and rich: pip install "odata-ql[cli]"', file=sys.stderr)
        raise SystemExit(1) from None
    command_line(prog_name="odata-query")


if __name__ == "__main__":
    main()
