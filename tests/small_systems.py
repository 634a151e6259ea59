"""One small config for every registered system, and what it promises."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import tiny

_WIDTHS = {"width": 8, "num_heads": 2, "num_layers": 1, "ffn_width": 8}


@dataclasses.dataclass(frozen=True)
class Case:
  """A system with small fields.

  Attributes:
    name: of the system.
    fields: fields of `config.model`.
    sized: whether its parameters fit cells of one number of nodes only.
    trained: whether there is a network that is trained.
  """

  name: str
  fields: Mapping[str, Any]
  sized: bool = False
  trained: bool = True


ALL = {
  "architecture": Case("architecture", {**tiny.MODEL, "features": "none"}),
  "architecture, features": Case(
    "architecture", {**tiny.MODEL, "features": "head"}
  ),
  "architecture, all kinds": Case(
    "architecture",
    {**tiny.MODEL, "features": "both", "paths": True, "signals": True},
  ),
  "architecture, functions": Case(
    "architecture", {**tiny.MODEL, "features": "head", "functions": True}
  ),
  "architecture, flow": Case(
    "architecture", {**tiny.MODEL, "encoder": "flow", "position": False}
  ),
  "mlp": Case("mlp", {"width": 8, "num_layers": 1}, sized=True),
  "neural_predictor": Case(
    "neural_predictor", {"width": 8, "num_layers": 2, "head_width": 8}
  ),
  "tnasp": Case("tnasp", {**_WIDTHS, "head_width": 8}),
  "pinat": Case(
    "pinat",
    {**_WIDTHS, "key_width": 4, "set_width": 4, "embed_heads": 2},
  ),
  "gmae": Case("gmae", {"width": 8, "num_heads": 2, "num_layers": 2}),
  "tgnas, paper": Case("tgnas", {"width": 8}),
  "tgnas, code": Case(
    "tgnas", {"variant": "code", "encoder": "minilm_pca64", "width": 8}
  ),
  "regression": Case("regression", {"paths": True}, trained=False),
}
CASES = {name: case for name, case in ALL.items() if case.trained}
"""Those with a network."""
