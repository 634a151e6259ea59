"""Reading foreign bytes: what is refused, and how it is said."""

import tokenize
import zlib

import pytest

from nasjax import errors, foreign


@pytest.mark.parametrize(
  "raised",
  [
    NotImplementedError("compression 99"),
    RecursionError(),
    MemoryError(),
    OverflowError("too large"),
    TypeError("bad"),
    tokenize.TokenError("eof"),
    zlib.error("header"),
    EOFError(),
  ],
)
def test_what_a_reader_raises_is_one_line(raised):
  with (
    pytest.raises(errors.UserError) as caught,
    foreign.reading("x.npz", "a complete .npz file"),
  ):
    raise raised
  message = str(caught.value)
  assert message.startswith("'x.npz' is not a complete .npz file (")
  assert message.endswith("); fetch it again")
  assert "\n" not in message


def test_missing_files_are_named():
  with (
    pytest.raises(errors.UserError, match="no such file: 'a'"),
    foreign.reading("a", "a table"),
  ):
    raise FileNotFoundError("a")


def test_defects_keep_their_traceback():
  with pytest.raises(AssertionError), foreign.reading("a", "a table"):
    raise AssertionError
  with (
    pytest.raises(errors.UserError, match=r"^as it is$"),
    foreign.reading("a", "a table"),
  ):
    raise errors.UserError("as it is")


def test_content_is_bounded():
  foreign.afford("a", foreign.MAX_BYTES)
  with pytest.raises(errors.UserError, match=r"'a' would take 4.0 GiB .* 1.0"):
    foreign.afford("a", 4 << 30)


def test_quotes_are_short():
  assert errors.quote("nb201") == "'nb201'"
  long = errors.quote("x" * 10_000_000)
  assert len(long) < 300
  assert "10000000 characters" in long
  assert len(errors.quote(list(range(10_000)))) < 300
