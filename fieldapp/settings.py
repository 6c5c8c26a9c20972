"""What a person can set: one frozen value with its defaults, kept as JSON and upgraded step by step. Any thread.

Only `app.py`, the window and the commands read settings; everybody else is handed plain arguments.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import Field, asdict, dataclass, field, fields, is_dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from fieldapp.errors import FieldError

FILE = "settings.json"
RECENT_KEPT = 12
log = logging.getLogger(__name__)
Raw = dict[str, Any]
T = TypeVar("T")


def _of(default: T, about: str, *choices: T) -> T:
    """A setting that takes one of `choices`, or any value of its type where none are given."""
    return field(default=default, metadata={"about": about, "choices": choices})


def _between(default: T, about: str, low: T, high: T) -> T:
    """A number from `low` to `high`."""
    return field(default=default, metadata={"about": about, "low": low, "high": high})


@dataclass(frozen=True, slots=True)
class Vad:
    """When speech starts and ends, for the live engine; the same names, in seconds, as its `EndpointRules`."""

    start: float = _between(0.5, "probability above which it is speech", 0.05, 0.95)
    end: float = _between(0.35, "probability below which it is silence", 0.05, 0.95)
    start_windows: int = _between(2, "windows of 32 ms above the start before speech begins", 1, 20)
    silence: float = _between(0.5, "silence that ends an utterance; 0.7 suits elicitation with long pauses", 0.1, 5.0)
    before: float = _between(0.3, "kept before the start", 0.0, 2.0)
    after: float = _between(0.2, "kept after the end", 0.0, 2.0)
    shortest: float = _between(0.25, "shorter than this is no utterance", 0.0, 5.0)
    soft: float = _between(8.0, "from this length on a short pause is enough", 1.0, 30.0)
    soft_silence: float = _between(0.2, "that short pause", 0.05, 5.0)
    firm: float = _between(15.0, "from this length on it is cut at the quietest place", 1.0, 30.0)
    hard: float = _between(20.0, "it is cut at the latest here", 2.0, 30.0)
    look_back: float = _between(3.0, "how far back the quietest place is sought", 0.1, 10.0)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a person can set, with the value it has until they do."""

    language: str = _of("system", "language of the interface: system, en or zh_CN", "system", "en", "zh_CN")
    theme: str = _of("system", "light, dark, or as the desktop is", "system", "light", "dark")
    text_percent: int = _between(100, "size of all text", 80, 200)
    input_device: str = _of("", "name of the microphone; empty: the system's own choice")
    output_device: str = _of("", "name of the loudspeaker; empty: the system's own choice")
    sample_rate: int = _of(48_000, "frames per second of the master", 44_100, 48_000, 88_200, 96_000)
    bits: int = _of(24, "bits per sample of the master", 16, 24)
    channels: int = _of(1, "channels of the master", 1, 2)
    pre_roll_seconds: float = _between(2.0, "kept from before the record key", 0.0, 10.0)
    unattended_hours: float = _between(12.0, "a recorder nobody attends to ends after this", 0.1, 168.0)
    disk_reserve_mb: int = _between(500, "recording stops cleanly when this little is free", 50, 100_000)
    pauses: str = _of("as set", "what ends an utterance: the thresholds as set, or those for elicitation (short answers, long pauses)", "as set", "elicitation")
    vad: Vad = field(default_factory=Vad, metadata={"about": "when speech starts and ends"})
    live_policy: str = _of("full", "while recording: drafts and text (full), text only (finals), or later (off)", "full", "finals", "off")
    model: str = _of("starter", "the speech model in use")
    quick_model: str = _of("", "a quicker model that drafts while recording when the other cannot keep up; empty: none")
    spoken_language: str = _of("", "code of the language the model listens for; empty: it decides for each utterance")
    compute_device: str = _of("auto", "where models run", "auto", "cpu", "cuda")
    compute_threads: int = _between(0, "processor cores for models; 0: all but one", 0, 256)
    search_graph_from: int = _between(200_000, "vectors from which searching builds a graph; fieldapp bench search --record measures it", 1_000, 100_000_000)
    backup_days: float = _between(1.0, "a fieldbook is backed up on opening when its last backup is older", 0.0, 365.0)
    backup_keep: int = _between(10, "dated backups kept for each fieldbook", 1, 1000)
    keyboards: tuple[str, ...] = _of((), "keyboards for typing, each as tier=keyboard")
    fonts: tuple[str, ...] = _of((), "chosen fonts, each as tier=family or script=family")
    table_widths: tuple[str, ...] = _of(
        (), "widths in the table of segments, each as column=width, in heights of a line of text; list and table: of the side, in pixels"
    )
    recent_symbols: tuple[str, ...] = _of((), "phonetic symbols used last, newest first")
    shortcuts: tuple[str, ...] = _of((), "changed shortcuts, each as command=keys")
    recent_fieldbooks: tuple[str, ...] = _of((), "folders opened last, newest first")


def pairs(kept: Iterable[str]) -> dict[str, str]:
    """A setting whose texts read `name=value`, as a table."""
    return {name: value for name, sign, value in (one.partition("=") for one in kept) if sign}


def kept(table: Mapping[str, str]) -> tuple[str, ...]:
    """The same back again; empty values are not kept."""
    return tuple(f"{name}={value}" for name, value in sorted(table.items()) if value)


Upgrade = Callable[[Raw], Raw]
UPGRADES: tuple[Upgrade, ...] = ()
"""One small function a version, oldest first: takes the raw settings of version n, returns those of n + 1."""


def load(path: Path) -> tuple[Settings, tuple[str, ...]]:
    """The settings in a file and, in sentences, what in it could not be used; a broken file is set aside, not lost."""
    try:
        raw = _read(path)
    except FileNotFoundError:
        return Settings(), ()
    except OSError as trouble:
        return Settings(), (f"The settings in {path} cannot be read ({trouble.strerror}); the defaults are used.",)
    except ValueError as trouble:
        return Settings(), (_set_aside(path, trouble),)
    problems: list[str] = []
    return _value(Settings(), upgraded(raw), problems), tuple(problems)


def save(settings: Settings, path: Path) -> None:
    """Write the file in one step; keys of it that this version does not know stay as they are."""
    before: Raw = {}
    try:
        with contextlib.suppress(FileNotFoundError, ValueError):
            before = _read(path)
        before = upgraded(before)
        _write(path, {**_merged(before, asdict(settings)), "version": before["version"]})
    except OSError as trouble:
        raise FieldError(f"The settings cannot be saved to {path}: {trouble.strerror}.", "Free some space or choose another FIELDAPP_HOME.") from trouble


class Keeper:
    """Writes settings behind whoever changes them: a disk that is slow to say "written" holds nobody up. `failed` is called in its thread."""

    def __init__(self, path: Path, failed: Callable[[FieldError], None]) -> None:
        self._path, self._failed = path, failed
        self._newest: Settings | None = None
        self._tried: Settings | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="settings")

    def keep(self, settings: Settings) -> None:
        """Write these, unless newer ones come before their turn."""
        self._newest = settings
        try:
            self._thread.submit(self._write)
        except RuntimeError:  # closed: what comes late (a column whose width was just changed) holds nobody up any more
            self._write()

    def close(self) -> None:
        """Return when everything is on the disk, or was said not to be."""
        self._thread.shutdown()

    def _write(self) -> None:
        settings = self._newest
        if settings is None or settings is self._tried:  # an earlier turn wrote these already
            return
        self._tried = settings
        try:
            save(settings, self._path)
        except FieldError as trouble:
            log.warning("settings were not kept: %s", trouble)
            self._failed(trouble)
        except Exception:  # a bug must be heard, not kept in a future nobody asks
            log.exception("settings were not kept")


def upgraded(raw: Raw, upgrades: Sequence[Upgrade] = UPGRADES) -> Raw:
    """Raw settings brought to the newest version; those of a newer Fieldapp are left as they are."""
    for step in upgrades[_version(raw) - 1 :]:
        raw = step(raw)
    return {**raw, "version": max(_version(raw), _newest(upgrades))}


def opened(settings: Settings, fieldbook: Path) -> Settings:
    """The settings after a fieldbook was opened: it is the newest of the recent ones."""
    here = str(fieldbook.resolve())
    others = [other for other in settings.recent_fieldbooks if other != here]
    return replace(settings, recent_fieldbooks=(here, *others)[:RECENT_KEPT])


def _newest(upgrades: Sequence[Upgrade]) -> int:
    return 1 + len(upgrades)


def _version(raw: Mapping[str, Any]) -> int:
    version = raw.get("version")
    return version if type(version) is int and version >= 1 else 1


def _read(path: Path) -> Raw:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as trouble:
        raise ValueError("it is nested too deeply") from trouble
    if not isinstance(raw, dict):
        raise ValueError("it holds no table of settings")
    return raw


def _write(path: Path, raw: Raw) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(raw, file, indent=2)  # ASCII: even half a surrogate pair in a device name can be kept
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _set_aside(path: Path, trouble: ValueError) -> str:
    kept = path.with_name(f"{path.stem}.broken-{datetime.now().astimezone():%Y%m%d-%H%M%S}{path.suffix}")
    try:
        path.replace(kept)
    except OSError:
        return f"The settings in {path} are broken ({trouble}); the defaults are used."
    return f"The settings in {path} were broken ({trouble}); they are kept as {kept.name} and the defaults are used."


def _merged(before: Mapping[str, Any], now: Mapping[str, Any]) -> Raw:
    both = {**before, **now}
    return {key: _merged(before[key], value) if isinstance(value, dict) and isinstance(before.get(key), dict) else value for key, value in both.items()}


def _value(defaults: Any, raw: Mapping[str, Any], problems: list[str], where: str = "") -> Any:
    """`defaults` with every usable value of `raw` in its place."""
    usable: Raw = {}
    for one in fields(defaults):
        if one.name not in raw:
            continue
        default, given = getattr(defaults, one.name), raw[one.name]
        if is_dataclass(default) and isinstance(given, dict):
            usable[one.name] = _value(default, given, problems, f"{where}{one.name}.")
        elif _fits(given, default, one):
            usable[one.name] = type(default)(given)
        else:
            problems.append(f"The setting '{where}{one.name}' cannot be {json.dumps(given, ensure_ascii=False)[:80]}; {default!r} is used.")
    return replace(defaults, **usable)


def _fits(given: Any, default: Any, one: Field[Any]) -> bool:
    if isinstance(default, tuple):
        return isinstance(given, list) and all(isinstance(part, str) for part in given)
    if type(given) is not type(default) and not (isinstance(default, float) and type(given) is int):
        return False
    if choices := one.metadata.get("choices"):
        return given in choices
    return "low" not in one.metadata or one.metadata["low"] <= given <= one.metadata["high"]
