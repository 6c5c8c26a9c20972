"""Fetch one file over HTTP: goes on where it was cut, believes nobody about length or content, follows no one out of HTTPS. Any thread; waits.

huggingface_hub resumes too, but compares only the length of what it got; here every file is compared with its checksum.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from fieldapp.errors import DiskFull, FieldError, ModelError

_CHUNK = 1 << 18
_LONGEST_ANSWER = 16 << 20
_AGENT = {"User-Agent": "fieldapp", "Accept-Encoding": "identity"}

Told = Callable[[int], None]
"""Called with the number of bytes that are there; may raise Cancelled, and what is there stays for the next time."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try: attempts in a row that bring nothing new, the pause before the second (it doubles), and the wait for an answer."""

    attempts: int = 5
    pause: float = 1.0
    timeout: float = 30.0


PATIENT = Patience()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file as its list describes it. Git names small files by SHA-1, large ones are named by SHA-256."""

    url: str
    name: str
    size: int
    sha256: str = ""
    git_sha1: str = ""


def fetch(wanted: Wanted, target: Path, told: Told, patience: Patience = PATIENT) -> None:
    """Bring the file to `target`; ModelError when it cannot be had whole and as announced."""
    if target.exists() and target.stat().st_size == wanted.size and _is_right(target, wanted):
        told(wanted.size)
        return
    part = target.with_name(target.name + ".part")
    for chance in (1, 2):
        _bring(wanted, part, told, patience)
        if _is_right(part, wanted):
            part.replace(target)
            return
        part.unlink()  # a part of another version, or spoiled on the way: once more from the beginning
        if chance == 2:
            raise ModelError(f"{wanted.name} arrived altered twice (its checksum is wrong).", "Try another network, or ask whoever publishes it.")


def read_text(url: str, patience: Patience = PATIENT) -> str:
    """A small answer as text."""
    for attempt in range(patience.attempts):
        try:
            with _open(url, {}, patience.timeout) as answer:
                data: bytes = answer.read(_LONGEST_ANSWER + 1)
        except _PASSING as trouble:
            _give_up_if_final(trouble, url)
            if attempt + 1 == patience.attempts:
                raise ModelError(f"{_host(url)} cannot be reached: {_reason(trouble)}.", "Check the network and try again.") from trouble
            time.sleep(patience.pause * 2**attempt)
            continue
        if len(data) > _LONGEST_ANSWER:
            raise ModelError(f"{_host(url)} answers with too much.", "Is this a model hub?")
        return data.decode("utf-8", "replace")
    raise AssertionError("unreachable")


def check_address(url: str) -> str:
    """The address without a slash at its end; WrongUsage-like sentence for what is no web address."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ModelError(f"'{url}' is no web address.", "It begins with https://")
    return url.rstrip("/")


_PASSING = (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError)


def _bring(wanted: Wanted, part: Path, told: Told, patience: Patience) -> None:
    """Fill `part` up to the announced length, in as many goes as it takes."""
    fruitless = 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        if before == wanted.size and part.exists():
            return
        if before > wanted.size:
            part.unlink()
            before = 0
        trouble: Exception | None = None
        try:
            _go_on(wanted, part, before, told, patience.timeout)
        except _PASSING as error:
            _give_up_if_final(error, wanted.url, wanted.name)
            trouble = error
        now = part.stat().st_size if part.exists() else 0
        if now == wanted.size:
            return
        fruitless = 0 if now > before else fruitless + 1
        if fruitless >= patience.attempts:
            why = _reason(trouble) if trouble else "the connection ends early"
            raise ModelError(f"{wanted.name} cannot be fetched from {_host(wanted.url)}: {why}.", "What has arrived is kept; try again later.")
        time.sleep(min(60.0, patience.pause * 2**fruitless))


def _go_on(wanted: Wanted, part: Path, have: int, told: Told, timeout: float) -> None:
    """One connection: the rest of the file, or all of it where the server cannot give a rest."""
    with _open(wanted.url, {"Range": f"bytes={have}-"} if have else {}, timeout) as answer:
        goes_on = answer.status == 206 and str(answer.headers.get("Content-Range", "")).startswith(f"bytes {have}-")
        if answer.status == 206 and not goes_on:
            raise http.client.HTTPException("it sent another part than the one asked for")
        try:
            with part.open("ab" if goes_on else "wb") as file:
                _pour(answer, file, have if goes_on else 0, wanted, told)
        except OSError as trouble:
            if isinstance(trouble, _PASSING):
                raise
            raise DiskFull(f"{part} could not be written: {trouble.strerror}.", "Free some space and try again; it goes on where it stopped.") from trouble


def _pour(answer: Any, file: IO[bytes], have: int, wanted: Wanted, told: Told) -> None:
    told(have)
    while chunk := answer.read(min(_CHUNK, wanted.size - have + 1)):
        have += len(chunk)
        if have > wanted.size:
            raise ModelError(f"{_host(wanted.url)} sends more of {wanted.name} than the {wanted.size} bytes it announced.", "It is not what was asked for.")
        file.write(chunk)
        told(have)


class _StayInHttps(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> urllib.request.Request | None:
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise FieldError(f"{_host(req.full_url)} leads to an address without encryption; it was not followed.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open(url: str, headers: dict[str, str], timeout: float) -> contextlib.AbstractContextManager[Any]:
    opener = urllib.request.build_opener(_StayInHttps)
    answer: contextlib.AbstractContextManager[Any] = opener.open(urllib.request.Request(check_address(url), headers=_AGENT | headers), timeout=timeout)
    return answer


def _give_up_if_final(trouble: Exception, url: str, name: str = "") -> None:
    """Some answers do not get better by asking again."""
    if not isinstance(trouble, urllib.error.HTTPError):
        return
    trouble.close()
    if trouble.code in (408, 425, 429) or trouble.code >= 500:
        return
    what = name or urlsplit(url).path
    if trouble.code in (401, 403):
        raise ModelError(f"{_host(url)} does not give {what} to everybody.", "Fetch it in a browser after accepting its licence; add the folder.") from trouble
    if trouble.code == 404:
        raise ModelError(f"{_host(url)} has no {what}.", "Check the spelling of the model id.") from trouble
    if trouble.code != 416:  # 416: the part is longer than the file now is; it is measured again
        raise ModelError(f"{_host(url)} refuses {what} (HTTP {trouble.code}).", "Try again later.") from trouble


def _reason(trouble: Exception) -> str:
    if isinstance(trouble, urllib.error.HTTPError):
        return f"it answers with error {trouble.code}"
    if isinstance(trouble, TimeoutError) or isinstance(getattr(trouble, "reason", None), TimeoutError):
        return "it does not answer in time"
    if isinstance(trouble, http.client.IncompleteRead | ConnectionError):
        return "the connection ends early"
    return str(getattr(trouble, "reason", trouble))


def _host(url: str) -> str:
    return urlsplit(url).netloc or url


def _is_right(path: Path, wanted: Wanted) -> bool:
    if path.stat().st_size != wanted.size:
        return False
    with path.open("rb") as file:
        if wanted.sha256:
            return hashlib.file_digest(file, "sha256").hexdigest() == wanted.sha256
        digest = hashlib.sha1(b"blob %d\0" % wanted.size, usedforsecurity=False)
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return not wanted.git_sha1 or digest.hexdigest() == wanted.git_sha1
