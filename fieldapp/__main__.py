"""Entry point of `python -m fieldapp`: hands the command line over to `fieldapp.cli`."""

import sys

from fieldapp.cli import main

if __name__ == "__main__":
    sys.exit(main())
