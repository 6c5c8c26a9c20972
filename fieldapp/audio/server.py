"""The recorder's ear for its clients: one thread, one selector, nobody can block it. Slow or rude clients are dropped.

What can be answered at once (`mark`, `status`, `levels`, `news`) is answered on this thread from what the deck published; what changes
something is put into `orders` for the writer thread, which hands its answer back through `answer`.
"""

from __future__ import annotations

import contextlib
import hmac
import logging
import os
import queue
import secrets
import selectors
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fieldapp.audio.protocol import LONGEST_LINE, PROTOCOL, now, pack, unpack

MOST_UNREAD = 1 << 18  # bytes of answers a client may leave unread
MOST_CLIENTS = 16
HELLO_SECONDS = 5.0
PRIVATE = "fieldapp-recorder-"

log = logging.getLogger(__name__)
Answerer = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(eq=False)
class Client:
    """One connection."""

    line: socket.socket
    came: float
    name: str = ""
    known: bool = False
    heard: bytes = b""
    unsent: bytearray = field(default_factory=bytearray)
    clogged: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """A command for the writer thread."""

    client: Client
    message: dict[str, Any]


def sweep(address: Any) -> None:
    """Remove the private folder a killed recorder left; only what looks exactly like one."""
    if isinstance(address, str):
        private = Path(address).parent
        if private.parent == Path(tempfile.gettempdir()) and private.name.startswith(PRIVATE):
            shutil.rmtree(private, ignore_errors=True)


class Server:
    """Listens until closed."""

    def __init__(self, at_once: Mapping[str, Answerer]) -> None:
        self.orders: queue.Queue[Order] = queue.Queue()
        self.token = secrets.token_hex(16)
        self.empty_since = now()
        self._at_once = at_once
        self._clients: set[Client] = set()
        self._answers: queue.Queue[tuple[Client, dict[str, Any]]] = queue.Queue()
        self._selector = selectors.DefaultSelector()
        self._private: Path | None = None
        self._listener = self._listen()
        self._bell, self._ring = socket.socketpair()
        for waker in (self._bell, self._ring):
            waker.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._running = True
        self._thread = threading.Thread(target=self._work, name="server")

    def _listen(self) -> socket.socket:
        if hasattr(socket, "AF_UNIX") and os.name != "nt":
            self._private = Path(tempfile.mkdtemp(prefix=PRIVATE))  # mode 0700; a path under the fieldbook may be too long for a socket
            listener = socket.socket(socket.AF_UNIX)
            self.address: Any = str(self._private / "recorder")
            listener.bind(self.address)
        else:
            listener = socket.socket(socket.AF_INET)
            listener.bind(("127.0.0.1", 0))
            self.address = listener.getsockname()[1]
        listener.listen(MOST_CLIENTS)
        listener.setblocking(False)
        return listener

    @property
    def attached(self) -> list[str]:
        """The names of those who are attached."""
        return sorted(client.name for client in tuple(self._clients) if client.known)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def answer(self, order: Order, reply: dict[str, Any]) -> None:
        """From the writer thread: what came of an order."""
        self._answers.put((order.client, {"id": order.message.get("id"), **reply}))
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):  # then it is awake anyway
            self._ring.send(b"!")

    def close(self) -> None:
        """Send what is still to be sent, as far as clients take it, and stop."""
        self._running = False
        self._wake()
        self._thread.join()
        for client in tuple(self._clients):
            self._drop(client, "the recorder ends")
        for end in (self._listener, self._bell, self._ring):
            end.close()
        self._selector.close()
        if self._private:
            shutil.rmtree(self._private, ignore_errors=True)

    def _work(self) -> None:
        while self._running or not self._answers.empty():
            for key, events in self._selector.select(1.0 if self._running else 0.0):
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._bell:
                    self._bell.recv(4096)
                else:
                    self._serve(key.data, events)
            while not self._answers.empty():
                self._send(*self._answers.get())
            for client in [c for c in self._clients if not c.known and now() - c.came > HELLO_SECONDS]:
                self._drop(client, "never said hello")

    def _accept(self) -> None:
        try:
            line, _ = self._listener.accept()
        except OSError:
            return
        line.setblocking(False)
        client = Client(line, now())
        if len(self._clients) >= MOST_CLIENTS:
            line.close()
            return
        self._clients.add(client)
        self._selector.register(line, selectors.EVENT_READ, client)

    def _serve(self, client: Client, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE:
                self._flush(client)
            if not events & selectors.EVENT_READ or client not in self._clients:
                return
            heard = client.line.recv(LONGEST_LINE)
        except BlockingIOError:
            return
        except OSError:
            heard = b""
        if not heard:
            self._drop(client, "left")
            return
        *lines, client.heard = (client.heard + heard).split(b"\n")
        for line in lines:
            if client in self._clients:
                self._heed(client, unpack(line))
        if len(client.heard) > LONGEST_LINE:
            self._drop(client, "sent a line without end")

    def _heed(self, client: Client, message: dict[str, Any] | None) -> None:
        if message is None:
            self._drop(client, "spoke no JSON")
        elif not client.known:
            self._greet(client, message)
        elif message.get("do") == "bye":
            self._send(client, {"id": message.get("id"), "ok": True})
            self._drop(client, "said bye")  # first, so that the recorder sees nobody attached when it reads the order
            self.orders.put(Order(client, message))
        elif answerer := self._at_once.get(str(message.get("do"))):
            try:
                reply = {"ok": True, **answerer(message)}
            except (TypeError, ValueError, KeyError) as trouble:
                reply = {"ok": False, "error": "WrongUsage", "message": f"'{message.get('do')}' was asked wrongly: {trouble}.", "hint": ""}
            except Exception:
                log.exception("could not answer %s", message)
                reply = {"ok": False, "error": "DeviceError", "message": "The recorder made a mistake; its log says more.", "hint": "It records on."}
            self._send(client, {"id": message.get("id"), **reply})
        else:
            self.orders.put(Order(client, message))

    def _greet(self, client: Client, message: dict[str, Any]) -> None:
        if not hmac.compare_digest(str(message.get("hello", "")).encode(), self.token.encode()):
            self._drop(client, "gave a wrong token")
        elif message.get("protocol") != PROTOCOL:
            self._send(client, {"ok": False, "error": "DeviceError", "message": f"The recorder speaks protocol {PROTOCOL}.", "hint": "Use the same version."})
        else:
            client.known, client.name = True, str(message.get("name", ""))[:40]
            log.info("%s is attached", client.name)
            self._send(client, {"ok": True, "protocol": PROTOCOL, "pid": os.getpid()})

    def _send(self, client: Client, reply: dict[str, Any]) -> None:
        if client in self._clients:
            client.unsent += pack(reply)
            self._flush(client)

    def _flush(self, client: Client) -> None:
        try:
            del client.unsent[: client.line.send(client.unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(client, "cannot be reached")
            return
        if len(client.unsent) > MOST_UNREAD:
            self._drop(client, "does not read its answers")
            return
        if client.clogged != bool(client.unsent):  # seldom: a line takes an answer at once
            client.clogged = bool(client.unsent)
            self._selector.modify(client.line, selectors.EVENT_READ | (selectors.EVENT_WRITE if client.clogged else 0), client)

    def _drop(self, client: Client, why: str) -> None:
        if client in self._clients:
            log.info("%s %s", client.name or "somebody", why)
            self._clients.discard(client)
            self._selector.unregister(client.line)
            client.line.close()
            if not self.attached:
                self.empty_since = now()
