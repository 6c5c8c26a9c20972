#!/usr/bin/env bash
# Sets Fieldapp up where needed and opens its window (with a fieldbook, if one is named); without a display it shows the tour instead.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bash "$here/setup.sh"
fieldapp=("$here/../.venv/bin/python" -m fieldapp)
if [[ -z ${DISPLAY:-}${WAYLAND_DISPLAY:-} && $(uname) != Darwin ]]; then
  echo "There is no display here, so this is the tour; the window opens where there is one." >&2
  exec "${fieldapp[@]}" tour
fi
exec "${fieldapp[@]}" "$@"
