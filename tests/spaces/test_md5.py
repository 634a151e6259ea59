"""MD5 of many messages at once, against hashlib."""

import hashlib

import numpy as np
import pytest

from nasjax.spaces import md5


@pytest.mark.parametrize("length", [0, 1, 55, 56, 63, 64, 119, 120, 230])
def test_digests_are_those_of_hashlib(length, rng):
  count = 4100 if length == 64 else 3  # more than one batch, and a part of one
  messages = rng.integers(0, 256, (count, length), dtype=np.uint8)
  expected = [
    hashlib.md5(message.tobytes(), usedforsecurity=False).hexdigest()
    for message in messages
  ]
  digests = md5.digests(messages)
  assert md5.to_hex(digests).astype(str).tolist() == expected
  order = np.lexsort((digests[:, 1], digests[:, 0]))
  assert [expected[row] for row in order] == sorted(expected)


def test_no_messages_have_no_digests():
  assert md5.digests(np.zeros((0, 5), np.uint8)).shape == (0, 2)
