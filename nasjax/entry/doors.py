"""The programs that an installation and a checkout start.

Nothing heavy is imported here (`nasjax.entry`).
"""

from nasjax import entry


def main() -> int:
  """`nasjax`, the same as `python -m nasjax`."""
  return entry.command("main")


def train() -> int:
  """`nasjax-train`, the same as `python train.py`."""
  return entry.command("train")


def search() -> int:
  """`nasjax-search`, the same as `python search.py`."""
  return entry.command("search")
