"""The guards of conftest.py guard."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest


def test_reaching_for_the_network_fails_the_test() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as line, pytest.raises(pytest.fail.Exception, match="network"):
        line.connect(("192.0.2.1", 9))


def test_loopback_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), timeout=5) as line:
        assert line.getpeername() == server.getsockname()


def test_unix_sockets_are_allowed(tmp_path: Path) -> None:
    if not hasattr(socket, "AF_UNIX"):
        pytest.skip("no unix sockets here")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as line:
        server.bind(str(tmp_path / "s"))
        server.listen()
        line.connect(str(tmp_path / "s"))


def test_every_test_has_its_own_home(own_home: Path, tmp_path: Path) -> None:
    assert os.environ["FIELDAPP_HOME"] == str(own_home)
    assert own_home.is_relative_to(tmp_path)
    assert not own_home.exists()


def test_a_thread_that_ends_is_no_leak() -> None:
    threading.Thread(target=lambda: None).start()
