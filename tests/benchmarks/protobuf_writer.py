"""Writes the messages of NAS-Bench-101, independently of the reader."""

import struct


def varint(value):
  parts = []
  while value >= 0x80:
    parts.append(value & 0x7F | 0x80)
    value >>= 7
  return bytes([*parts, value])


def double(number, value):
  return bytes([number << 3 | 1]) + struct.pack("<d", value)


def text(number, value):
  return bytes([number << 3 | 2]) + varint(len(value)) + value


def evaluation(epoch, seconds, train, val, test, path=b""):
  numbers = (epoch, seconds, train, val, test)
  message = b"".join(double(i + 1, value) for i, value in enumerate(numbers))
  return message + (text(6, path) if path else b"")


def metrics(evaluations, parameters, seconds):
  return (
    b"".join(text(1, message) for message in evaluations)
    + b"\x10"
    + varint(parameters)
    + double(3, seconds)
  )


def run(val, test, path=b""):
  """A run whose end has these accuracies (fractions)."""
  return metrics(
    [
      evaluation(0.0, 0.1, 0.1, 0.11, 0.12, path),
      evaluation(54.0, 500.0, 0.8, 0.7, 0.6, path),
      evaluation(108.0, 1000.0, 0.99, val, test, path),
    ],
    8_555_530,
    1234.5,
  )
