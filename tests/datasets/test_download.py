from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import Request

import pytest

from tinygrad_sm.datasets import DatasetError, DownloadError, download
from tinygrad_sm.datasets.download import fetch, write_atomically

from .conftest import Handler, Server, cut, rest, status, whole

CONTENT = bytes(range(256)) * 1000
LIMIT = len(CONTENT)


def as_it_is(content: bytes) -> bytes:
    return content


def only_right(content: bytes) -> bytes:
    if content != CONTENT:
        raise DatasetError("these are wrong bytes")
    return content


def test_a_file_arrives_whole(server: Server, tmp_path: Path) -> None:
    server.answers["/file"] = [whole(CONTENT)]
    path = tmp_path / "new" / "folder" / "file"
    used = download.download([f"{server.url}file"], path, only_right, max_bytes=LIMIT)
    assert used == f"{server.url}file"
    assert path.read_bytes() == CONTENT
    assert os.listdir(path.parent) == ["file"]
    assert "Range" not in server.asked[0][1]


def test_what_is_stored_is_what_was_accepted(server: Server, tmp_path: Path) -> None:
    server.answers["/file"] = [whole(CONTENT)]
    path = tmp_path / "file"
    download.download([f"{server.url}file"], path, lambda got: got[:5], max_bytes=LIMIT)
    assert path.read_bytes() == CONTENT[:5]


def test_a_broken_connection_is_resumed(server: Server) -> None:
    server.answers["/file"] = [cut(CONTENT, 1000, ETag='"v1"'), rest(CONTENT)]
    assert fetch(f"{server.url}file", LIMIT) == CONTENT
    headers = server.asked[1][1]
    assert (headers["Range"], headers["If-Range"]) == ("bytes=1000-", '"v1"')


def test_resuming_goes_by_the_date_where_the_tag_is_weak(server: Server) -> None:
    date = "Wed, 21 Oct 2015 07:28:00 GMT"
    server.answers["/file"] = [cut(CONTENT, 10, ETag='W/"v1"', Last_Modified=date), rest(CONTENT)]
    assert fetch(f"{server.url}file", LIMIT) == CONTENT
    assert server.asked[1][1]["If-Range"] == date


def test_resuming_works_without_tag_or_date(server: Server) -> None:
    server.answers["/file"] = [cut(CONTENT, 1000), rest(CONTENT)]
    assert fetch(f"{server.url}file", LIMIT) == CONTENT
    assert "If-Range" not in server.asked[1][1]


def test_a_server_that_ignores_the_range_starts_over(server: Server) -> None:
    server.answers["/file"] = [cut(CONTENT, 1000), whole(CONTENT)]
    assert fetch(f"{server.url}file", LIMIT) == CONTENT
    assert server.asked[1][1]["Range"] == "bytes=1000-"


def test_a_range_that_starts_elsewhere_is_not_appended(server: Server) -> None:
    def from_the_start(handler: Handler) -> None:
        handler.send_response(206)
        handler.send_header("Content-Length", str(len(CONTENT)))
        handler.send_header("Content-Range", f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}")
        handler.end_headers()
        handler.wfile.write(CONTENT)

    server.answers["/file"] = [cut(CONTENT, 1000), from_the_start]
    assert fetch(f"{server.url}file", LIMIT) == CONTENT


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_busy_server_is_asked_again(server: Server, code: int) -> None:
    server.answers["/file"] = [status(code), status(code), whole(CONTENT)]
    assert fetch(f"{server.url}file", LIMIT) == CONTENT


def test_a_broken_chunk_is_asked_for_again(server: Server) -> None:
    def half_a_chunk(handler: Handler) -> None:
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"fff\r\nhalf")
        handler.close_connection = True

    server.answers["/file"] = [half_a_chunk, whole(CONTENT)]
    assert fetch(f"{server.url}file", LIMIT) == CONTENT


def test_giving_up_after_three_attempts(server: Server) -> None:
    server.answers["/file"] = [cut(CONTENT, 1000)]
    with pytest.raises(DatasetError, match=r"after 1,000 of 256,000 bytes, in 3 attempts in a row"):
        fetch(f"{server.url}file", LIMIT)
    assert len(server.asked) == 3


def test_attempts_that_bring_much_are_not_counted(server: Server) -> None:
    """A connection that breaks every 40,000 bytes needs seven attempts, and gets there."""

    def a_part(handler: Handler) -> None:
        start = int(handler.headers.get("Range", "bytes=0-").removeprefix("bytes=")[:-1])
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Length", str(len(CONTENT) - start))
        handler.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        handler.end_headers()
        handler.wfile.write(CONTENT[start : start + 40_000])

    server.answers["/file"] = [a_part]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(download, "LITTLE", 30_000)
        assert fetch(f"{server.url}file", LIMIT) == CONTENT
    assert len(server.asked) == 7
    with pytest.raises(DatasetError, match="after 120,000 of 256,000 bytes, in 3 attempts"):
        fetch(f"{server.url}file", LIMIT)


@pytest.mark.parametrize("code", [403, 404, 416])
def test_a_refusal_is_final(server: Server, code: int) -> None:
    server.answers["/file"] = [status(code)]
    with pytest.raises(DatasetError, match=f"the server answered {code} "):
        fetch(f"{server.url}file", LIMIT)
    assert len(server.asked) == 1


def test_an_answer_that_is_not_http_is_an_error(server: Server) -> None:
    server.answers["/file"] = [lambda handler: handler.wfile.write(b"what?\r\n")]
    with pytest.raises(DatasetError, match="the connection broke: BadStatusLine"):
        fetch(f"{server.url}file", LIMIT)


def test_no_more_is_taken_than_expected(server: Server) -> None:
    server.answers["/file"] = [whole(CONTENT)]
    with pytest.raises(DatasetError, match="more than the 255,999 bytes"):
        fetch(f"{server.url}file", LIMIT - 1)
    assert len(server.asked) == 1


def test_a_server_that_falls_silent_is_left(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "TIMEOUT", 0.2)

    def stall(handler: Handler) -> None:
        cut(CONTENT, 1000)(handler)
        handler.wfile.flush()
        time.sleep(0.5)

    server.answers["/file"] = [stall, rest(CONTENT)]
    assert fetch(f"{server.url}file", LIMIT) == CONTENT


def test_a_server_that_sends_only_its_headers_is_not_asked_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "TIMEOUT", 0.2)

    def stall(handler: Handler) -> None:
        cut(CONTENT, 0)(handler)
        handler.wfile.flush()
        time.sleep(0.5)

    server.answers["/file"] = [stall]
    with pytest.raises(DatasetError, match=r"sent nothing in 0\.2 seconds"):
        fetch(f"{server.url}file", LIMIT)
    assert len(server.asked) == 1


def test_a_server_that_dribbles_is_left(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "TIMEOUT", 0.2)

    def dribble(handler: Handler) -> None:
        cut(CONTENT, 1)(handler)
        for _ in range(100):
            time.sleep(0.02)
            handler.wfile.write(b".")

    server.answers["/file"] = [dribble]
    start = time.monotonic()
    with pytest.raises(DatasetError, match="sends less than 10,000 bytes a second"):
        fetch(f"{server.url}file", LIMIT)
    assert time.monotonic() - start < 1.5
    assert len(server.asked) == 1


def test_a_slow_server_is_waited_for(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "TIMEOUT", 0.2)

    def slowly(handler: Handler) -> None:
        cut(CONTENT, 0)(handler)
        for start in range(0, len(CONTENT), 16_000):
            time.sleep(0.03)
            handler.wfile.write(CONTENT[start : start + 16_000])

    server.answers["/file"] = [slowly]
    assert fetch(f"{server.url}file", LIMIT) == CONTENT


def test_a_server_that_never_answers_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        with pytest.raises(DatasetError, match=r"no answer in 0\.2 seconds"):
            fetch(f"http://127.0.0.1:{silent.getsockname()[1]}/file", LIMIT)
        assert time.monotonic() - start < 2


def test_a_name_that_is_looked_up_for_ever_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []

    class Late:
        def close(self) -> None:
            closed.append(True)

    def urlopen(request: Request, timeout: float) -> Late:
        time.sleep(0.3)
        return Late()

    monkeypatch.setattr(download, "TIMEOUT", 0.05)
    monkeypatch.setattr(download, "urlopen", urlopen)
    with pytest.raises(DatasetError, match="no answer"):
        fetch("http://example.invalid/file", LIMIT)
    deadline = time.monotonic() + 5
    while not closed and time.monotonic() < deadline:
        time.sleep(0.01)
    assert closed, "a connection that came too late must be closed"


def dead_url() -> str:
    with socket.create_server(("127.0.0.1", 0)) as briefly:
        return f"http://127.0.0.1:{briefly.getsockname()[1]}/file"


def test_a_dead_mirror_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "PAUSE", 60.0)
    with pytest.raises(DatasetError, match="cannot be reached"):
        fetch(dead_url(), LIMIT)


@pytest.mark.parametrize("bad", [whole(b"wrong" * 100), cut(CONTENT, 10), status(404)])
def test_the_next_mirror_serves_when_one_does_not(
    server: Server, tmp_path: Path, bad: Callable[[Handler], None]
) -> None:
    server.answers["/bad"] = [bad]
    server.answers["/good"] = [whole(CONTENT)]
    urls = [dead_url(), f"{server.url}bad", f"{server.url}good"]
    path = tmp_path / "file"
    assert download.download(urls, path, only_right, max_bytes=LIMIT) == urls[2]
    assert path.read_bytes() == CONTENT


def test_failing_everywhere_leaves_nothing_and_names_every_reason(
    server: Server, tmp_path: Path
) -> None:
    server.answers["/wrong"] = [whole(b"wrong")]
    urls = [dead_url(), f"{server.url}missing", f"{server.url}wrong"]
    with pytest.raises(DownloadError) as caught:
        download.download(urls, tmp_path / "new" / "file", only_right, max_bytes=LIMIT)
    for part in ("file could not", "cannot be reached", "answered 404", "these are wrong bytes"):
        assert part in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_failing_leaves_the_file_that_was_there(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(DownloadError):
        download.download([f"{server.url}missing"], path, as_it_is, max_bytes=LIMIT)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_place_that_cannot_be_written_is_a_download_error(server: Server, tmp_path: Path) -> None:
    server.answers["/file"] = [whole(CONTENT)]
    (tmp_path / "folder").write_bytes(b"in the way")
    with pytest.raises(DownloadError, match=r"folder.file cannot be written"):
        download.download(
            [f"{server.url}file"], tmp_path / "folder" / "file", as_it_is, max_bytes=LIMIT
        )


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, OSError])
def test_an_interrupted_write_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def half(self: Path, content: bytes) -> int:
        with self.open("wb") as part:
            part.write(content[:2])
        raise interruption

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(interruption):
        write_atomically(path, CONTENT)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_the_file_appears_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moves = []
    replace = os.replace

    def watched(source: Path, target: Path) -> None:
        moves.append((source.name, source.read_bytes(), target.exists()))
        replace(source, target)

    monkeypatch.setattr(os, "replace", watched)
    write_atomically(tmp_path / "file", CONTENT)
    [(name, content, existed)] = moves
    assert name.startswith("file.")
    assert name.endswith(".part")
    assert content == CONTENT
    assert not existed
