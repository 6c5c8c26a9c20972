"""Python, SQLite and the libraries: which are there, in which version, with which known faults. Any thread."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import sqlite3

from fieldapp import __version__, paths
from fieldapp.doctor.finding import Finding

NEEDED = (
    "av", "bagit", "ctranslate2", "faster-whisper", "hnswlib", "langcodes", "lxml", "numpy", "onnxruntime", "platformdirs", "praatio", "rtmixer", "segments",
    "simsimd", "sounddevice", "soundfile", "soxr", "sqlite-utils", "tokenizers",
)  # fmt: skip
EXTRAS = (
    ("window", ("PySide6-Essentials",), "The command line does everything without it; for the window: bash installers/setup.sh"),
    ("adapting models", ("torch", "transformers"), "Only needed to make or convert models: bash installers/setup.sh --extra train"),
    ("many machines", ("dask", "distributed"), "Only needed for a cluster: bash installers/setup.sh --extra cluster"),
)


def software() -> list[Finding]:
    """Versions of everything we stand on."""
    return [program(), python(), *sqlite(), libraries(NEEDED), *(extra(*one) for one in EXTRAS)]


def program() -> Finding:
    """Which Fieldapp this is, and where it keeps what is not part of a fieldbook."""
    return Finding("Fieldapp", "ok", f"{__version__}; settings in {paths.config()}, models in {paths.models()}, logs in {paths.logs()}")


def python() -> Finding:
    """Which Python runs it."""
    found = f"{platform.python_version()} on {platform.system()} {platform.release()}, {platform.machine()}"
    return Finding("Python", "ok", found)


def sqlite() -> list[Finding]:
    """Whether SQLite can do what search needs (tried, not looked up), and its faults that other programs on the database would meet."""
    database = sqlite3.connect(":memory:")
    try:
        if not _works(database, "CREATE VIRTUAL TABLE words USING fts5(text, tokenize = 'trigram')"):
            advice = "Use a Python whose SQLite is 3.34 or newer with full-text search (Debian's and python.org's have it)."
            return [Finding("SQLite", "missing", f"{sqlite3.sqlite_version} without full-text search by trigrams", advice)]
        return [Finding("SQLite", "ok", f"{sqlite3.sqlite_version}{_faults(database)}"), *_replaced()]
    finally:
        database.close()


def _faults(database: sqlite3.Connection) -> str:
    database.execute("INSERT INTO words VALUES ('在田野里')")
    faults = []
    if not database.execute("SELECT 1 FROM words WHERE text LIKE '%田野%'").fetchone():
        faults.append("LIKE on a trigram table finds no two-character word (Fieldapp never asks so)")
    if sqlite3.sqlite_version_info[:2] == (3, 40):
        faults.append(".recover of its command line fails (use fieldapp check --repair)")
    if not _works(database, "INSERT INTO words(words, rank) VALUES ('secure-delete', 1)"):
        faults.append("deleted words stay in the full-text pages until these are rebuilt")
    return f"; known: {'; '.join(faults)}" if faults else ""


def _works(database: sqlite3.Connection, statement: str) -> bool:
    try:
        database.execute(statement)
    except sqlite3.OperationalError:
        return False
    return True


def _replaced() -> list[Finding]:
    if importlib.util.find_spec("pysqlite3") is None:
        return []
    found = "installed: sqlite-utils takes it in place of Python's own SQLite, unasked"
    return [Finding("pysqlite3", "look", found, "Uninstall pysqlite3 from this environment.")]


def version_of(name: str) -> str:
    """The installed version of a distribution, empty when there is none."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def libraries(names: tuple[str, ...]) -> Finding:
    """Everything that has to be there."""
    versions = {name: version_of(name) for name in names}
    absent = [name for name, version in versions.items() if not version]
    if absent:
        return Finding("libraries", "missing", f"not installed: {', '.join(absent)}", "Run bash installers/setup.sh.")
    return Finding("libraries", "ok", ", ".join(f"{name} {version}" for name, version in versions.items()))


def extra(what: str, names: tuple[str, ...], advice: str) -> Finding:
    """Something one can do without."""
    versions = [f"{name} {version}" for name in names if (version := version_of(name))]
    if len(versions) == len(names):
        return Finding(what, "ok", ", ".join(versions))
    return Finding(what, "ok", "not installed", advice)
