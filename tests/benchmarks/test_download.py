"""Downloads: checksum, resume, broken connections, no network."""

import errno
import hashlib
import io
import urllib.error

import pytest

from nasjax import errors
from nasjax.io import download

URL = "https://example.org/data.tfrecord"
CONTENT = bytes(range(256)) * 40
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Response(io.BytesIO):
  def __init__(self, body, status, length):
    super().__init__(body)
    self.status = status
    self.headers = {} if length is None else {"Content-Length": str(length)}


class Server:
  """Serves CONTENT; remembers the ranges that were asked for."""

  def __init__(self, *, ranges=True, cut=None, announce=True, content=CONTENT):
    self.ranges, self.cut, self.announce = ranges, cut, announce
    self.content = content
    self.asked = []

  def __call__(self, request):
    asked = request.get_header("Range")
    self.asked.append(asked)
    start = int(asked[6:-1]) if asked and self.ranges else 0
    if start and start >= len(self.content):
      raise urllib.error.HTTPError(request.full_url, 416, "range", {}, None)  # type: ignore[arg-type]
    body = self.content[start:]
    length = len(body) if self.announce else None
    return Response(body[: self.cut], 206 if start else 200, length)


@pytest.fixture
def path(tmp_path):
  return tmp_path / "new" / "data.tfrecord"


def fetch(path, server, sha256: str | None = SHA256):
  return download.fetch(URL, path, sha256=sha256, opener=server)


def names(path):
  return sorted(child.name for child in path.parent.iterdir())


def test_whole_file(path, capsys):
  server = Server()
  assert fetch(path, server) == SHA256
  assert path.read_bytes() == CONTENT
  assert names(path) == ["data.tfrecord", "data.tfrecord.sha256"]
  record = path.with_name("data.tfrecord.sha256").read_text()
  assert record == f"{SHA256}  data.tfrecord\n"
  assert server.asked == [None]
  assert "download data.tfrecord: 100 % of 10240 B" in capsys.readouterr().err


def test_present_file_is_checked_and_not_fetched(path):
  fetch(path, Server())
  server = Server()
  assert fetch(path, server) == SHA256
  assert server.asked == []
  path.write_bytes(b"changed")
  with pytest.raises(errors.UserError, match="expected sha256"):
    fetch(path, server)
  assert not path.exists()


def test_resume_after_a_broken_connection(path):
  with pytest.raises(errors.UserError, match="expected 10240 bytes, got 4000"):
    fetch(path, Server(cut=4000))
  assert names(path) == ["data.tfrecord.part"]
  server = Server()
  assert fetch(path, server) == SHA256
  assert server.asked == ["bytes=4000-"]
  assert path.read_bytes() == CONTENT


def test_server_without_ranges_starts_anew(path):
  with pytest.raises(errors.UserError, match="ended early"):
    fetch(path, Server(cut=4000))
  assert fetch(path, Server(ranges=False)) == SHA256
  assert path.read_bytes() == CONTENT


def test_finished_part_needs_no_byte(path):
  path.parent.mkdir()
  path.with_name("data.tfrecord.part").write_bytes(CONTENT)
  server = Server()
  assert fetch(path, server) == SHA256
  assert server.asked == ["bytes=10240-"]


def test_unannounced_length_that_ends_early_fails_the_checksum(path):
  with pytest.raises(errors.UserError, match="expected sha256"):
    fetch(path, Server(cut=4000, announce=False))
  assert names(path) == ["data.tfrecord.wrong"]


def test_wrong_checksum_is_set_aside_and_the_next_try_is_fresh(path):
  with pytest.raises(
    errors.UserError, match=r"data\.tfrecord\.wrong.*not used"
  ):
    fetch(path, Server(content=CONTENT[::-1]))
  assert names(path) == ["data.tfrecord.wrong"]
  server = Server()
  assert fetch(path, server) == SHA256
  assert server.asked == [None]


def test_upper_case_checksum(path):
  assert fetch(path, Server(), SHA256.upper()) == SHA256


def test_without_a_known_checksum_nothing_is_resumed(path):
  path.parent.mkdir()
  path.with_name("data.tfrecord.part").write_bytes(b"old version" * 9)
  server = Server()
  assert fetch(path, server, None) == SHA256
  assert server.asked == [None]
  assert path.read_bytes() == CONTENT


@pytest.mark.parametrize(
  ("error", "message"),
  [
    (urllib.error.URLError("no route"), "cannot download .*: no route"),
    (
      urllib.error.HTTPError(URL, 404, "Not Found", {}, None),  # type: ignore[arg-type]
      "cannot download .*: Not Found",
    ),
    (ConnectionResetError(104, "reset by peer"), "stopped: reset by peer"),
    (OSError(errno.ENOSPC, "No space left on device"), "stopped: No space"),
    (TimeoutError("timed out"), "stopped: timed out"),
  ],
)
def test_failures_are_one_line(path, error, message):
  def broken(request):
    raise error

  with pytest.raises(errors.UserError, match=message) as caught:
    fetch(path, broken)
  assert "\n" not in str(caught.value)
  assert names(path) == []
