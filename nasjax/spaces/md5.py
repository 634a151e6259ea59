"""MD5 (RFC 1321) of many short messages at once.

`hashlib` takes a call for each message, which is most of the time where a space
has millions of them.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler

_BLOCK = 64
_LENGTH = 8
_BATCH = 4096
_START = np.array([0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476], np.uint32)
_STEP = np.arange(64)
_SINES = (np.abs(np.sin(_STEP + 1.0)) * 2**32).astype(np.uint64)
_SHIFTS = ((7, 12, 17, 22), (5, 9, 14, 20), (4, 11, 16, 23), (6, 10, 15, 21))
_WORDS = np.concatenate(
  [
    _STEP[:16],
    (5 * _STEP[:16] + 1) % 16,
    (3 * _STEP[:16] + 5) % 16,
    7 * _STEP[:16] % 16,
  ]
)
_HEX = np.frombuffer(bytes(range(256)).hex().encode(), np.uint16)
_ROUNDS = (
  lambda b, c, d: (b & c) | (~b & d),
  lambda b, c, d: (d & b) | (~d & c),
  lambda b, c, d: b ^ c ^ d,
  lambda b, c, d: c ^ (b | ~d),
)


def digests(messages: np.ndarray) -> np.ndarray:
  """Hashes messages of equal length.

  Args:
    messages: their bytes, `[n, L]` uint8.

  Returns:
    Digests as two numbers that sort like their hexadecimal text, `[n, 2]`
    uint64.
  """
  words = np.empty((len(messages), 4), "<u4")
  for start in range(0, len(messages), _BATCH):
    part = slice(start, start + _BATCH)
    words[part] = _digests(messages[part])
  return words.view(">u8").astype(np.uint64)


def to_hex(digests: np.ndarray) -> np.ndarray:
  """Prints digests `[..., 2]` uint64 in lower case, `[...]` of dtype `S32`."""
  octets = digests.astype(">u8").view(np.uint8)  # [..., 16]
  return np.take(_HEX, octets).view("S32")[..., 0]


def _digests(messages: np.ndarray) -> np.ndarray:
  """Hashes up to `_BATCH` messages `[m, L]`, `[m, 4]` uint32."""
  words = _padded(messages).view("<u4").reshape(_BATCH, -1, 16)
  state = np.tile(_START[:, None], (1, _BATCH))
  for block in range(words.shape[1]):
    rows = np.ascontiguousarray(words[:, block].T)
    state = _compress()(state, rows)
  return np.asarray(state).T[: len(messages)]


def _padded(messages: np.ndarray) -> np.ndarray:
  """Ends messages `[m, L]` as RFC 1321 says: `[_BATCH, 64 k]` uint8."""
  count, length = messages.shape
  size = -(-(length + 1 + _LENGTH) // _BLOCK) * _BLOCK
  padded = np.zeros((_BATCH, size), np.uint8)
  padded[:count, :length] = messages
  padded[:, length] = 0x80
  bits = np.array([8 * length], "<u8").view(np.uint8)
  padded[:, -_LENGTH:] = bits
  return padded


@functools.cache
def _compress():
  """The compiled step: states `[4, m]` and a block `[16, m]`, uint32."""
  return compiler.jit(_compress_block)


def _compress_block(state: jax.Array, words: jax.Array) -> jax.Array:
  a, b, c, d = state
  for step in range(64):
    mixed = a + _ROUNDS[step // 16](b, c, d)
    mixed = mixed + jnp.uint32(_SINES[step]) + words[_WORDS[step]]
    shift = _SHIFTS[step // 16][step % 4]
    turned = (mixed << shift) | (mixed >> (32 - shift))
    a, b, c, d = d, b + turned, b, c
  return state + jnp.stack([a, b, c, d])
