#!/usr/bin/env bash
# Makes this folder ready to run Fieldapp: system packages (Debian and Ubuntu), a Python environment in .venv, Python packages at the versions of
# requirements.lock. Asks for a password only when a system package is missing. Safe to run again: it does only what is left to do.
#   setup.sh                          what the window and the command line need
#   setup.sh --extra train|cluster    beside it: making models fit a dialect (torch) / processing archives on many machines (Dask)
#   setup.sh --extra test             beside it: what the tests need, system packages included
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD venv=$PWD/.venv stamp=$PWD/.venv/.fieldapp-setup
say() { printf 'fieldapp setup: %s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

extras=(window)
while (($#)); do
  case $1 in
    --extra) case ${2:-} in train | cluster | test) extras+=("$2") ;; *) stop "--extra takes train, cluster or test" ;; esac; shift 2 ;;
    *) stop "unknown option $1; see the first lines of installers/setup.sh" ;;
  esac
done

# What the system has to bring: Python, PortAudio, what Qt loads, fonts for IPA and Han.
system=(python3 python3-venv libportaudio2 libgomp1 fontconfig fonts-noto-core fonts-sil-charis fonts-noto-cjk libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1
  libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 libxcb-xkb1)
[[ " ${extras[*]} " != *" test "* ]] || system+=(git xvfb xauth xdotool pulseaudio pulseaudio-utils libasound2-plugins espeak-ng)

# Installs those of the named packages that are missing; a name counts as present, too, when an installed package provides it.
need_system() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    return 0 # no Debian: doctor names what is missing
  fi
  local have missing=() name as=()
  have=" $(dpkg-query -W -f '${db:Status-Status} ${Package} ${Provides}\n' | sed -n 's/^installed //p' | tr '\n,' '  ') "
  for name in "$@"; do [[ $have == *" $name "* ]] || missing+=("$name"); done
  ((${#missing[@]})) || return 0
  if ((EUID)); then
    command -v sudo >/dev/null || stop "these system packages are missing: ${missing[*]}. As administrator: apt-get install ${missing[*]}"
    as=(sudo)
  fi
  say "installing system packages: ${missing[*]}"
  "${as[@]}" env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get update -qq; exec apt-get install -y -qq --no-install-recommends "$@" >/dev/null' apt "${missing[@]}" ||
    stop "the system packages could not be installed: ${missing[*]}"
}

find_python() {
  local candidate
  for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
      echo "$candidate"
      return
    fi
  done
  stop "Python 3.11 or newer is needed; this machine has $(python3 --version 2>/dev/null || echo none). Install a newer Python and run this again."
}

# hnswlib comes as source only. It is built once, for any processor of this kind (its own default is this very processor), and kept.
keep_hnswlib() {
  local pinned tag
  pinned=$(grep -E '^hnswlib==' installers/requirements.lock)
  tag=$("$venv/bin/python" -c 'import sys; print(f"cp{sys.version_info[0]}{sys.version_info[1]}")')
  if ! compgen -G "$wheels/hnswlib-${pinned#*==}-$tag-*.whl" >/dev/null; then
    need_system build-essential python3-dev
    say "building $pinned"
    mkdir -p "$wheels"
    HNSWLIB_NO_NATIVE=1 "${pip[@]}" wheel -q --no-deps --no-cache-dir --wheel-dir "$wheels" "$pinned" ||
      stop "$pinned could not be built; it needs a C++ compiler and Python's headers"
  fi
}

state() { cat pyproject.toml installers/requirements.lock installers/setup.sh | cksum; }
ready() { # every asked extra is in, nothing changed since, and the environment works in this very place
  local extra installed
  [[ -f $stamp ]] && { read -r installed && [[ $(cat) == "$(state)" ]]; } <"$stamp" || return 1
  for extra in "${extras[@]}"; do [[ " $installed " == *" $extra "* ]] || return 1; done
  (cd / && [[ $("$venv/bin/python" -c 'import fieldapp; print(fieldapp.__file__)' 2>/dev/null) == "$root/fieldapp/__init__.py" ]])
}

need_system "${system[@]}"
if ! ready; then
  if [[ -f $stamp ]]; then read -r before <"$stamp"; extras=($(printf '%s\n' "${extras[@]}" $before | sort -u)); fi
  python=$(find_python)
  if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    rm -rf "$venv"
    "$python" -m venv "$venv" || stop "the Python environment could not be made in $venv"
  fi
  pip=("$venv/bin/python" -m pip --disable-pip-version-check --no-input)
  wheels=${FIELDAPP_HOME:+$FIELDAPP_HOME/cache}
  wheels=${wheels:-${XDG_CACHE_HOME:-$HOME/.cache}/fieldapp}/wheels
  keep_hnswlib
  say "installing Python packages (${extras[*]}); some minutes the first time"
  "${pip[@]}" install -q --use-pep517 --constraint installers/requirements.lock --find-links "$wheels" --editable ".[$(IFS=,; echo "${extras[*]}")]" ||
    stop "the Python packages could not be installed; with an internet connection, run this again"
  { echo "${extras[*]}"; state; } >"$stamp"
fi
say "ready (${extras[*]})"
