"""Fetching models from a hub that misbehaves in every way a field network knows. The server is a real one, on this machine."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from fieldapp.errors import Cancelled, ModelError
from fieldapp.speech.models import hub
from fieldapp.speech.models.download import Patience, Wanted, check_address, fetch
from fieldapp.speech.models.shelf import Shelf

COMMIT = "0123456789abcdef0123456789abcdef01234567"
QUICK = Patience(pause=0.001, timeout=2.0)


class Hub:
    """A hub with one model. `quirks` maps a file to what goes wrong with it, by number of the request for it."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.quirks: dict[str, Callable[[int], str]] = {}
        self.asked: list[tuple[str, str]] = []
        self.counts: dict[str, int] = {}
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                hub.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def tree(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = [{"type": "directory", "path": "onnx", "oid": "0", "size": 0}]
        for name, data in self.files.items():
            entry: dict[str, Any] = {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()}
            if name == "model.bin":
                entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 133}
            entries.append(entry)
        return entries

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path
        self.asked.append((path, request.headers.get("Range", "")))
        name = path.rpartition("/")[2]
        self.counts[name] = self.counts.get(name, 0) + 1
        quirk = self.quirks[name](self.counts[name]) if name in self.quirks else ""
        if path.startswith("/api/models/owner/mini/revision/"):
            self.send(request, 200, json.dumps({"sha": COMMIT, "cardData": {"license": "mit"}}).encode(), quirk)
        elif path == f"/api/models/owner/mini/tree/{COMMIT}":
            self.send(request, 200, json.dumps(self.tree()).encode(), quirk)
        elif path == f"/owner/mini/resolve/{COMMIT}/model.bin":  # large files lie elsewhere
            self.send(request, 302, b"", quirk, {"Location": f"{self.address}/cdn/model.bin"})
        elif name in self.files and path.startswith(("/cdn/", f"/owner/mini/resolve/{COMMIT}/")):
            self.send_file(request, self.files[name], quirk)
        else:
            self.send(request, 404, b"Entry not found", quirk)

    def send_file(self, request: BaseHTTPRequestHandler, data: bytes, quirk: str) -> None:
        wanted = request.headers.get("Range")
        if not wanted or quirk == "no ranges":
            self.send(request, 200, data, quirk)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        if start >= len(data):
            self.send(request, 416, b"", quirk)
            return
        shifted = start - 5 if quirk == "other part" else start
        self.send(request, 206, data[shifted:], quirk, {"Content-Range": f"bytes {shifted}-{len(data) - 1}/{len(data)}"})

    def send(self, request: BaseHTTPRequestHandler, status: int, data: bytes, quirk: str, headers: dict[str, str] | None = None) -> None:
        if quirk.isdigit():
            status, data, headers = int(quirk), b"trouble", {}
        if quirk == "altered":
            data = bytes([data[0] ^ 1]) + data[1:]
        if quirk == "longer":
            data += b"more"
        request.send_response(status)
        for key, value in (headers or {}).items():
            request.send_header(key, value)
        announced = len(data) // 2 if quirk == "wrong length" else len(data)
        request.send_header("Content-Length", str(announced))
        request.end_headers()
        if quirk == "cut":
            request.wfile.write(data[: len(data) // 2])
            request.wfile.flush()
            request.close_connection = True
            request.connection.shutdown(2)
            return
        if quirk == "stalls":
            time.sleep(0.3)
        request.wfile.write(data[:announced])


@pytest.fixture(scope="module")
def model_files(mini_folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in mini_folder.iterdir()} | {"README.md": b"---\nlicense: mit\n---\n", "train.py": b"print()"}


@pytest.fixture
def server(model_files: dict[str, bytes]) -> Iterator[Hub]:
    made = Hub(dict(model_files))
    yield made
    made.close()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf")


def add(shelf: Shelf, server: Hub, **more: Any) -> Any:
    return hub.add_from_hub(shelf, "owner/mini", more.pop("progress", lambda _s, _d: None), endpoint=server.address, patience=QUICK, **more)


def test_a_model_comes_from_a_hub_with_its_licence_and_commit(shelf: Shelf, server: Hub) -> None:
    told: list[float] = []
    model = add(shelf, server, progress=lambda share, _doing: told.append(share))
    assert (model.name, model.manifest.licence) == ("mini", "mit")
    assert model.manifest.source == f"{server.address}/owner/mini/tree/{COMMIT}"
    assert shelf.trusted("mini").folder == model.folder
    assert not any("train.py" in path for path, _ in server.asked)  # nothing is fetched that is not needed
    assert not list((shelf.own / hub.WAITING).iterdir())
    shares = [share for share in told if share >= 0]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def small(server: Hub, tmp_path: Path, name: str = "config.json") -> tuple[Wanted, Path]:
    data = server.files[name]
    path = f"cdn/{name}" if name == "model.bin" else f"owner/mini/resolve/{COMMIT}/{name}"
    return Wanted(f"{server.address}/{path}", name, len(data), sha256=hashlib.sha256(data).hexdigest()), tmp_path / name


def test_a_cut_connection_is_taken_up_where_it_broke(server: Hub, tmp_path: Path) -> None:
    wanted, target = small(server, tmp_path, "model.bin")
    server.quirks["model.bin"] = lambda n: "cut" if n <= 8 else ""  # more often than attempts in a row: each brings something
    fetch(wanted, target, lambda _have: None, QUICK)
    assert target.read_bytes() == server.files["model.bin"]
    starts = [int(asked.removeprefix("bytes=").rstrip("-")) for _, asked in server.asked[1:]]
    assert starts == sorted(starts)
    assert starts[0] == len(target.read_bytes()) // 2


def test_what_was_fetched_before_a_stop_is_not_fetched_again(shelf: Shelf, server: Hub) -> None:
    def stop_late(share: float, _doing: str) -> None:
        if share > 0.6:
            raise Cancelled

    with pytest.raises(Cancelled):
        add(shelf, server, progress=stop_late)
    before = len(server.asked)
    (waiting,) = (shelf.own / hub.WAITING).iterdir()
    whole = {path.name for path in waiting.iterdir() if path.suffix != ".part"}
    add(shelf, server)
    again = [(path.rpartition("/")[2], asked) for path, asked in server.asked[before:]]
    assert any(asked.startswith("bytes=") for _, asked in again)
    assert not whole & {name for name, _ in again}


@pytest.mark.parametrize("quirk", ["500", "503", "429", "altered", "no ranges", "stalls", "other part"])
def test_passing_trouble_passes(server: Hub, tmp_path: Path, quirk: str) -> None:
    wanted, target = small(server, tmp_path)
    target.with_name("config.json.part").write_bytes(server.files["config.json"][:100])
    server.quirks["config.json"] = lambda n: quirk if n == 1 else ""
    fetch(wanted, target, lambda _have: None, QUICK)
    assert target.read_bytes() == server.files["config.json"]


@pytest.mark.parametrize(
    ("quirk", "sentence"),
    [
        ("404", "has no config.json"),
        ("401", "does not give config.json to everybody"),
        ("403", "does not give"),
        ("410", "HTTP 410"),
        ("500", "answers with error 500"),
        ("altered", "arrived altered twice"),
        ("longer", "sends more of"),
        ("wrong length", "cannot be fetched"),
    ],
)  # fmt: skip
def test_lasting_trouble_becomes_a_sentence(server: Hub, tmp_path: Path, quirk: str, sentence: str) -> None:
    wanted, target = small(server, tmp_path)
    server.quirks["config.json"] = lambda n: quirk if quirk != "wrong length" or n > 1 else "cut"
    if quirk == "wrong length":
        server.files["config.json"] = server.files["config.json"][: wanted.size // 2]  # the server lost half of it
    with pytest.raises(ModelError, match=sentence):
        fetch(wanted, target, lambda _have: None, QUICK)
    assert not target.exists()


def test_a_server_that_never_answers_is_given_up(server: Hub, tmp_path: Path) -> None:
    wanted, target = small(server, tmp_path)
    server.quirks["config.json"] = lambda _n: "stalls"
    with pytest.raises(ModelError, match="does not answer in time"):
        fetch(wanted, target, lambda _have: None, Patience(2, 0.001, 0.05))


def test_a_part_longer_than_the_file_is_thrown_away(server: Hub, tmp_path: Path) -> None:
    wanted, target = small(server, tmp_path)
    target.with_name("config.json.part").write_bytes(b"x" * (wanted.size + 1))
    fetch(wanted, target, lambda _have: None, QUICK)
    assert target.read_bytes() == server.files["config.json"]


def test_nobody_there_is_said(tmp_path: Path, shelf: Shelf) -> None:
    with pytest.raises(ModelError, match="cannot be reached"):
        hub.add_from_hub(shelf, "owner/mini", lambda _s, _d: None, endpoint="http://127.0.0.1:9", patience=Patience(2, 0.001, 1.0))


def test_unknown_models_and_odd_answers_are_said(shelf: Shelf, server: Hub) -> None:
    with pytest.raises(ModelError, match="has no /api/models/owner/other"):
        hub.add_from_hub(shelf, "owner/other", lambda _s, _d: None, endpoint=server.address, patience=QUICK)
    for wrong in ("mini", "a/b/c", "../x", "owner/", "owner/na me"):
        with pytest.raises(ModelError):
            hub.look_up(wrong, endpoint=server.address, patience=QUICK)
    server.quirks[COMMIT] = lambda _n: "altered"
    with pytest.raises(ModelError, match="not answer like a model hub"):
        add(shelf, server)


def test_a_repository_without_a_converted_model_is_pointed_to_conversion(shelf: Shelf, server: Hub) -> None:
    del server.files["model.bin"]
    with pytest.raises(ModelError, match="holds no CTranslate2 model") as trouble:
        add(shelf, server)
    assert "fieldapp model convert owner/mini" in trouble.value.hint


def test_a_list_that_lies_about_names_and_sizes_reaches_nothing(shelf: Shelf, server: Hub) -> None:
    server.files["../../escaped.json"] = b"{}"
    honest = server.tree

    def lying() -> list[dict[str, Any]]:
        entries = honest()
        next(entry for entry in entries if entry["path"] == "config.json")["size"] = 1 << 40
        return entries

    server.tree = lying  # type: ignore[method-assign]
    with pytest.raises(ModelError, match="too big"):
        add(shelf, server)
    assert not any("escaped" in path for path, _ in server.asked)


def test_only_web_addresses_are_asked() -> None:
    for wrong in ("file:///etc/passwd", "ftp://x/y", "huggingface.co", "https://"):
        with pytest.raises(ModelError, match="no web address"):
            check_address(wrong)
