from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from tinygrad_sm.datasets import download, mnist

CODES = {"u1": 0x08, "i1": 0x09, ">i2": 0x0B, ">i4": 0x0C, ">f4": 0x0D, ">f8": 0x0E}


def idx_bytes(array: np.ndarray, kind: str = "u1") -> bytes:
    """IDX as the format's description has it, written apart from the reader under test."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, CODES[kind], array.ndim]) + sizes + array.astype(kind).tobytes()


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this machine's data, cache, proxies or patience reaches a test."""
    monkeypatch.delenv("TINYGRAD_SM_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(download, "PAUSE", 0.01)


class Handler(BaseHTTPRequestHandler):
    """Answers each path by the next of its prepared answers, again and again by the last."""

    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        answers = self.server.answers.get(self.path)
        if not answers:
            self.send_error(404)
            return
        (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """A mirror on this machine."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, list[Callable[[Handler], None]]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


def whole(content: bytes, **headers: str) -> Callable[[Handler], None]:
    """The whole file, whatever range was asked for."""
    return cut(content, len(content), **headers)


def cut(content: bytes, after: int, **headers: str) -> Callable[[Handler], None]:
    """The file announced in full, and a connection that closes after some bytes of it."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content[:after])

    return answer


def rest(content: bytes) -> Callable[[Handler], None]:
    """What the range asks for, as a server that knows ranges sends it."""

    def answer(handler: Handler) -> None:
        start = int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        handler.send_response(206)
        handler.send_header("Content-Length", str(len(content) - start))
        handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        handler.end_headers()
        handler.wfile.write(content[start:])

    return answer


def status(code: int) -> Callable[[Handler], None]:
    return lambda handler: handler.send_error(code)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Seven digits to train and three to test, known by their digests like the real ones.

    Returns each file's decompressed bytes by its name.
    """
    random = np.random.default_rng(0)
    contents, files = {}, []
    for known in mnist.FILES:
        shape = (7 if known in mnist.TRAIN_FILES else 3, *known.shape[1:])
        array = random.integers(0, 256 if len(shape) == 3 else 10, shape)
        if len(shape) == 3:
            array[:, 0, :2] = 0, 255
        content = idx_bytes(array)
        contents[known.name] = content
        files.append(mnist._File(known.name, shape, hashlib.sha256(content).hexdigest()))
    monkeypatch.setattr(mnist, "FILES", tuple(files))
    monkeypatch.setattr(mnist, "TRAIN_FILES", tuple(files[:2]))
    monkeypatch.setattr(mnist, "TEST_FILES", tuple(files[2:]))
    return contents


def put(folder: Path, contents: dict[str, bytes], *, compress: bool = False) -> Path:
    """Lay files into a folder, plain or in gzip."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        if compress:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)
    return folder
