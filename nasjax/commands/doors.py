"""The programs that an installation and a checkout start.

Nothing heavy is imported here (`nasjax.commands.entry`).
"""

from nasjax.commands import entry


def main() -> int:
  """`nasjax`, the same as `python -m nasjax`."""
  return entry.run("nasjax.commands.main")


def train() -> int:
  """`nasjax-train`, the same as `python train.py`."""
  return entry.run("nasjax.commands.train")


def search() -> int:
  """`nasjax-search`, the same as `python search.py`."""
  return entry.run("nasjax.commands.search")
