"""Estimates what a device could score at best: operations and bytes.

  python benchmark/roofline.py

Nothing is timed. Operations are counted in the traced program of one
architecture; bytes are what its matrix products read and write and its sums
write, if every element-wise step is fused into its neighbours and the weights
stay on chip. The rate is the smaller of peak / operations and bandwidth /
bytes.
"""

import argparse
from typing import Any

import flops
import machine
import models

from nasjax.spaces import registry as spaces

# Data sheets: float32 (or the closest format that matrix units take) and
# memory bandwidth. H100 SXM: 67 TFLOP/s float32, 495 TF32, 3.35 TB/s. TPU v5e:
# 197 TFLOP/s bfloat16, 0.82 TB/s.
DEVICES = {
  "H100, float32": (67e12, 3.35e12),
  "H100, TF32": (495e12, 3.35e12),
  "TPU v5e, bfloat16": (197e12, 0.82e12),
}


def estimate(space_name: str, name: str) -> dict[str, Any]:
  """Operations, bytes and best rates of one predictor."""
  space = spaces.get_space(space_name)
  module, params, config = models.load(space_name, name)
  counted = flops.per_architecture(module, params, space, config.prune)
  moved = flops.bytes_per_architecture(module, params, space, config.prune)
  members = flops.num_members(params)
  operations, data = members * counted, members * moved
  rates = {}
  for device, (peak, bandwidth) in DEVICES.items():
    size = 2 if "bfloat16" in device else 4
    rates[device] = round(min(peak / operations, bandwidth / (data * size / 4)))
  return {
    "space": space_name,
    "model": name,
    "members": members,
    "mflop_per_arch": round(operations / 1e6, 3),
    "kb_per_arch": round(data / 1e3, 1),
    "flop_per_byte": round(operations / data, 1),
    "archs_per_second": rates,
  }


def main(args: argparse.Namespace) -> None:
  """Prints a Markdown table."""
  print(
    "| space, model | MFLOP | KB | FLOP/byte | " + " | ".join(DEVICES) + " |"
  )
  print("| --- |" + " ---: |" * (3 + len(DEVICES)))
  rows = []
  for space in args.spaces:
    for name in args.models:
      if name == "student" and space == "darts":
        continue
      row = estimate(space, name)
      rows.append(row)
      rates = " | ".join(f"{x:,}" for x in row["archs_per_second"].values())
      print(
        f"| {space}, {name} | {row['mflop_per_arch']} | {row['kb_per_arch']} | "
        f"{row['flop_per_byte']} | {rates} |"
      )
  machine.finish({"rows": rows}, args.out)


if __name__ == "__main__":
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument(
    "--spaces", nargs="+", default=["nb201", "nb101", "darts"]
  )
  parser.add_argument(
    "--models", nargs="+", default=["paper", "default", "student"]
  )
  machine.run(parser, main)
