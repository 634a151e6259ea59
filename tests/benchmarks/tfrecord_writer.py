"""Writes TFRecord files with a bit-by-bit CRC32C, independent of the reader."""

import struct


def crc_by_bits(data):
  register = 0xFFFFFFFF
  for byte in data:
    register ^= byte
    for _ in range(8):
      register = (register >> 1) ^ (0x82F63B78 if register & 1 else 0)
  return register ^ 0xFFFFFFFF


def masked(data):
  crc = crc_by_bits(data)
  return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def frame(data):
  length = struct.pack("<Q", len(data))
  return (
    length
    + struct.pack("<I", masked(length))
    + data
    + struct.pack("<I", masked(data))
  )


def write(path, records):
  path.write_bytes(b"".join(map(frame, records)))
  return path
