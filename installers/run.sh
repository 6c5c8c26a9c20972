#!/usr/bin/env bash
# Sets Fieldapp up where needed and opens its window, or does what the words behind it say; without a display and without words it shows the tour.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bash "$here/setup.sh"
fieldapp=("$here/../.venv/bin/python" -m fieldapp)
if [[ $# == 0 && -z ${DISPLAY:-}${WAYLAND_DISPLAY:-} && $(uname) != Darwin ]]; then
  echo "There is no display here, so this is the tour; the window opens where there is one." >&2
  exec "${fieldapp[@]}" tour
fi
exec "${fieldapp[@]}" "$@"
