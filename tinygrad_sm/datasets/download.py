"""Files over HTTP: whole and verified, or not at all.

What has arrived is kept in memory until it is known to be right, and only then written beside its
place and moved there in one step. So an interrupted program leaves nothing half-written.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from .idx import DatasetError

TIMEOUT = 5.0  # seconds without an answer after which a server counts as dead
SLOWEST = 10_000  # bytes a second, below which it is not worth waiting for
ATTEMPTS = 3  # in a row that bring little, at a server that answers and then breaks off
LITTLE = 1 << 16  # bytes; an attempt that brings more than that is no failure
PAUSE = 0.5  # seconds before the second attempt; twice as long before the third


class DownloadError(DatasetError):
    """No mirror had the file."""


class _Broken(Exception):
    """The server answered, but not to the end: another attempt may succeed."""


def download(
    urls: Sequence[str], path: Path, accept: Callable[[bytes], bytes], *, max_bytes: int
) -> str:
    """Fetch a file from the first URL that has the right bytes.

    Args:
        urls: where to look, in this order.
        path: where to put the file; missing folders are made once its bytes are there.
        accept: makes of the received bytes those to store, or raises ``DatasetError``.
        max_bytes: the most that a server may send.

    Returns:
        The URL that had the file.

    Raises:
        DownloadError: if none had it, or if it cannot be written; the message says why.
    """
    try:
        return _download(urls, path, accept, max_bytes)
    except OSError as error:
        raise DownloadError(f"{path} cannot be written: {error}") from None


def _download(
    urls: Sequence[str], path: Path, accept: Callable[[bytes], bytes], max_bytes: int
) -> str:
    reasons = []
    for url in urls:
        try:
            content = accept(fetch(url, max_bytes))
        except DatasetError as error:
            reasons.append(f"{urlsplit(url).netloc}: {error}")
        else:
            write_atomically(path, content)
            return url
    raise DownloadError(f"{path.name} could not be downloaded ({'; '.join(reasons)})")


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: beside its place under a ``.part`` name, then moved."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        part.write_bytes(content)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def fetch(url: str, max_bytes: int) -> bytes:
    """The content at a URL, taken up where it broke off if the server can do that.

    Raises:
        DatasetError: if the server cannot be reached, refuses, breaks off again and again, hardly
            sends anything, or sends more than ``max_bytes``.
    """
    received = bytearray()
    validator = ""
    failures = 0
    while True:
        before = len(received)
        try:
            with _open(_request(url, len(received), validator)) as response:
                validator = _validator(response)
                _receive(response, received, max_bytes)
            return bytes(received)
        except _Broken as error:
            failures = 1 if len(received) - before > LITTLE else failures + 1
            if failures == ATTEMPTS:
                raise DatasetError(f"{error}, in {ATTEMPTS} attempts in a row") from None
        time.sleep(PAUSE * failures)


def _request(url: str, start: int, validator: str) -> Request:
    """Ask for what is missing, provided that the file there is still the same one."""
    request = Request(url, headers={"User-Agent": "tinygrad_sm"})
    if start:
        request.add_header("Range", f"bytes={start}-")
        if validator:
            request.add_header("If-Range", validator)
    return request


def _validator(response: HTTPResponse) -> str:
    """What tells this version of the file from another; weak tags do not (RFC 9110, 13.1.5)."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified", "")


def _open(request: Request) -> HTTPResponse:
    """``urlopen`` with one deadline over it all.

    The timeout of ``urlopen`` leaves out the look-up of the name and counts anew for each address
    that the name has: a machine without a network could wait for minutes.
    """
    answer: Future[HTTPResponse] = Future()
    Thread(target=_answer, args=(request, answer), daemon=True).start()
    try:
        return answer.result(TIMEOUT)
    except HTTPError as error:
        error.close()
        if error.code >= 500 or error.code == 429:
            raise _Broken(f"the server answered {error.code} {error.reason}") from None
        raise DatasetError(f"the server answered {error.code} {error.reason}") from None
    except TimeoutError:
        answer.add_done_callback(_close_late)
        raise DatasetError(f"no answer in {TIMEOUT:g} seconds") from None
    except URLError as error:
        raise DatasetError(f"cannot be reached: {error.reason}") from None
    except (OSError, HTTPException) as error:
        raise _Broken(f"the connection broke: {error!r}") from None


def _answer(request: Request, answer: Future[HTTPResponse]) -> None:
    try:
        answer.set_result(urlopen(request, timeout=TIMEOUT))
    except Exception as error:
        answer.set_exception(error)


def _close_late(answer: Future[HTTPResponse]) -> None:
    if answer.exception() is None:
        answer.result().close()


def _receive(response: HTTPResponse, received: bytearray, max_bytes: int) -> None:
    """Add the body to what was received, or put it in place if the server starts over."""
    if not _continues(response, len(received)):
        received.clear()
    length = response.headers.get("Content-Length", "")
    start, began = len(received), time.monotonic()
    expected = start + int(length) if length.isdigit() else None
    try:
        while chunk := response.read1(1 << 16):
            received += chunk
            if len(received) > max_bytes:
                raise DatasetError(f"sent more than the {max_bytes:,} bytes expected at most")
            seconds = time.monotonic() - began
            if seconds > TIMEOUT and len(received) - start < SLOWEST * seconds:
                raise DatasetError(f"sends less than {SLOWEST:,} bytes a second")
    except (OSError, HTTPException) as error:
        if isinstance(error, TimeoutError) and len(received) == start:
            raise DatasetError(f"sent nothing in {TIMEOUT:g} seconds") from None
        raise _Broken(f"broke off after {len(received):,} bytes: {error!r}") from None
    if expected is not None and len(received) < expected:
        raise _Broken(f"broke off after {len(received):,} of {expected:,} bytes")


def _continues(response: HTTPResponse, start: int) -> bool:
    """Whether the answer goes on exactly where the last one broke off."""
    given = response.headers.get("Content-Range", "")
    return response.status == 206 and given.startswith(f"bytes {start}-")
