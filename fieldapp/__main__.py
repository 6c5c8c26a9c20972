"""Entry point of `python -m fieldapp`: hands the command line over to `fieldapp.cli`.

A frozen program has no `python -m`; there its own executable runs the recorder's process with `run-module NAME` (see `audio/launch.py`).
"""

import runpy
import sys

from fieldapp.audio.launch import FROZEN_WORD, OWN_MODULES
from fieldapp.cli import main

if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] == FROZEN_WORD and sys.argv[2] in OWN_MODULES:
        sys.argv[:3] = [sys.argv[2]]
        runpy.run_module(sys.argv[0], run_name="__main__")
    else:
        sys.exit(main())
