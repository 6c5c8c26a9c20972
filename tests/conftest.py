"""What every test can rely on: an own home folder, no network, no thread left behind, Qt without a screen, data if present."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import ipaddress
import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import ctranslate2
import hypothesis
import pytest

from fieldapp.speech import random_whisper

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["HF_HUB_OFFLINE"] = "1"  # child processes are not reached by the guard below
if "PYTEST_XDIST_WORKER" in os.environ:  # each of several workers has one core: threads of theirs would only wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent
hypothesis.settings.register_profile("house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])  # a busy machine is no finding
hypothesis.settings.register_profile("inner", hypothesis.settings.get_profile("house"), max_examples=20)
hypothesis.settings.load_profile("house")

THREADS_OF_LIBRARIES = ("tqdm_monitor", "TMonitor", "pytest_timeout")  # live as long as the process on purpose
PATIENCE_SECONDS = 3.0


def pytest_configure(config: pytest.Config) -> None:
    """Whoever leaves the slow tests out wants an answer soon; with them every property gets its full number of examples."""
    if "not slow" in config.getoption("markexpr"):
        hypothesis.settings.load_profile("inner")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Torch is loaded when a test that needs it begins: it takes seconds, which whoever runs others should not wait for."""
    if item.get_closest_marker("torch"):
        pytest.importorskip("torch", reason="training needs the extra [train]")


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, models and logs of a test lie in its own folder, never in the person's."""
    home = tmp_path / "fieldapp-home"
    monkeypatch.setenv("FIELDAPP_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def make_mini(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Callable[..., Path]:
    """Makes a tiny Whisper folder with random weights. It is kept from run to run: what makes it loads torch where that is installed."""
    shelf = pytestconfig.cache.mkdir("mini-whispers")

    def made(**wishes: Any) -> Path:
        recipe = Path(random_whisper.__file__).read_bytes() + f"{ctranslate2.__version__} {sorted(wishes.items())}".encode()
        kept = shelf / hashlib.sha256(recipe).hexdigest()[:16]
        if not kept.exists():
            draft = random_whisper.make(Path(tempfile.mkdtemp(dir=shelf)), **wishes)
            with contextlib.suppress(OSError):  # another worker was quicker
                draft.rename(kept)
        return Path(shutil.copytree(kept, tmp_path_factory.mktemp("models") / "mini"))

    return made


@pytest.fixture(scope="session")
def mini_folder(make_mini: Callable[..., Path]) -> Path:
    """A Whisper folder of true structure with random weights that always says the same six words; who writes into it makes a copy."""
    return make_mini()


@pytest.fixture(scope="session")
def trials(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What models named by their folder were tried in a child by an earlier test."""
    return tmp_path_factory.mktemp("tried-models")


@pytest.fixture
def tried_before(own_home: Path, trials: Path) -> Iterator[None]:
    """A model that came through its first trial in one test is not tried again in the next: a child takes its time to start."""
    memory = Path(shutil.copytree(trials, own_home / "cache" / "tried-models"))
    yield
    shutil.copytree(memory, trials, dirs_exist_ok=True)


def _stays_on_this_machine(family: int, address: Any) -> bool:
    if family not in (socket.AF_INET, socket.AF_INET6):
        return True
    host = str(address[0])
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything works offline, so a test that reaches out has found a bug."""
    for name in ("connect", "connect_ex"):
        really = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: Any, _really: Any = really) -> Any:
            if not _stays_on_this_machine(self.family, address):
                pytest.fail(f"reached for the network: {address!r}")
            return _really(self, address)

        monkeypatch.setattr(socket.socket, name, guarded)


def _ours(thread: threading.Thread) -> bool:
    return thread.is_alive() and not any(name in f"{thread.name} {type(thread).__name__}" for name in THREADS_OF_LIBRARIES)


@pytest.fixture(autouse=True)
def no_thread_left_behind() -> Iterator[None]:
    """Whoever starts a thread closes it."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + PATIENCE_SECONDS
    while left := [thread for thread in threading.enumerate() if thread not in before and _ours(thread)]:
        if time.monotonic() > deadline:
            pytest.fail(f"threads left behind: {sorted(thread.name for thread in left)}")
        left[0].join(0.05)


def _shared() -> list[Path]:
    """Where material for tests may lie: in a folder that is named, or beside the project (or its worktree)."""
    named = os.environ.get("FIELDAPP_SHARED")
    return [Path(named)] if named else [folder / "shared" for folder in ROOT.parents]


@pytest.fixture(scope="session")
def dev_data() -> Path:
    """The folder of real recordings with its manifest.csv; it lies beside the project, not in it."""
    found = next((place / "data" / "dev" for place in _shared() if (place / "data" / "dev" / "manifest.csv").exists()), None)
    if found is None:
        pytest.skip("no real recordings beside the project; FIELDAPP_SHARED may name the folder that holds data/dev")
    return found


@pytest.fixture(scope="session")
def reference() -> ModuleType:
    """Metrics written from the definitions by other hands; they lie beside the project."""
    found = next((path for place in _shared() if (path := place / "tools" / "ref_metrics.py").exists()), None)
    if found is None:
        pytest.skip("no reference metrics beside the project; FIELDAPP_SHARED may name the folder that holds tools/ref_metrics.py")
    spec = importlib.util.spec_from_file_location("ref_metrics", found)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
