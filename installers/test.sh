#!/usr/bin/env bash
# Sets everything up that the tests need and runs all of them; words after it go to pytest: `test.sh tests/store -m "not slow"`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash installers/setup.sh --extra test --extra cluster --extra train
exec .venv/bin/python -m pytest "$@"
