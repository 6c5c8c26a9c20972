"""Where Fieldapp keeps what does not belong to one fieldbook; `FIELDAPP_HOME` moves all of it (tests, a USB stick, support).

The functions only name folders; whoever writes makes them. Any thread.
"""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import PlatformDirs

from fieldapp.errors import FieldError

HOME = "FIELDAPP_HOME"
_SYSTEM = PlatformDirs("fieldapp", appauthor=False)


def config() -> Path:
    """The folder of settings, keyboards and prompt lists of this person."""
    return _moved("config") or _SYSTEM.user_config_path


def data() -> Path:
    """The folder of what was downloaded or made and is not quickly made again."""
    return _moved("data") or _SYSTEM.user_data_path


def models() -> Path:
    """The folder of installed speech models."""
    return data() / "models"


def logs() -> Path:
    """The folder of log and crash files."""
    return _moved("logs") or _SYSTEM.user_log_path


def cache() -> Path:
    """The folder of what may be deleted at any time."""
    return _moved("cache") or _SYSTEM.user_cache_path


def resource(*parts: str) -> Path:
    """A file that came with the program; works from a checkout and from a frozen program alike."""
    found = Path(__file__).resolve().parent.parent.joinpath("resources", *parts)
    if not found.exists():
        raise FieldError(f"A part of Fieldapp is missing: {found}.", "Install it again: bash installers/setup.sh.")
    return found


def _moved(kind: str) -> Path | None:
    home = os.environ.get(HOME)
    return Path(home).expanduser().absolute() / kind if home else None
