"""Configs of representations, which are learnt from cells without a label.

`nasjax/configs/arch2vec` has one for each space. A field of a predictor, such
as a label or a benchmark, is refused: none is ever read.
"""

from collections.abc import Mapping
from typing import Any

from nasjax import settings
from nasjax.config import checks, own_fields

NAME = "arch2vec"
_NAMES = {
  "model.encoder": ("gin", "gcn"),
  "model.decoder": ("bilinear", "product"),
}

_MODEL = {
  "name": NAME,
  "encoder": "gin",  # graph isomorphism network, or gcn: graph convolutions
  "width": 128,
  "num_layers": 5,  # steps of messages between neighbours
  "latent": 16,  # numbers of a node
  "decoder": "bilinear",  # of edges, or product: that of the paper
  "dropout_rate": 0.0,  # of latent numbers in front of the decoder
}
_FIELDS = {
  "space": "nb201",
  "seed": 0,
  "num_cells": 0,  # cells to train on; 0: all of the space
  "epochs": 10,
  "batch_size": 32,
  "learning_rate": 2e-3,
  "clip_norm": 5.0,  # of the gradient
  "variational": True,  # whether latent numbers are drawn in training
  "kl_weight": 0.005,  # of the divergence from the prior
  "checkpoint_every": 1,  # rounds, of at most 1,000 steps
  "model": _MODEL,
}
_SPACES: dict[str, dict[str, Any]] = {
  "nb101": {"epochs": 2, "kl_weight": 0.001},
  "nb201": {"epochs": 10, "model.decoder": "product"},
  "darts": {"epochs": 2, "num_cells": 50_000},
}
_COUNT = checks.Whole(1, 10**9)
_RULES: dict[str, checks.Rule] = {
  "space": checks.Text(64),
  "seed": checks.Whole(0, checks.MAX_SEED),
  "num_cells": checks.Whole(0, 10**9),
  "epochs": _COUNT,
  "batch_size": checks.Whole(2, 10**9),
  "learning_rate": checks.Real(0, 1e9, closed=False),
  "clip_norm": checks.Real(0, 1e9, closed=False),
  "variational": checks.Flag(),
  "kl_weight": checks.Real(0, 1e9),
  "checkpoint_every": _COUNT,
  "model.width": checks.Whole(1, 16_384),
  "model.num_layers": checks.Whole(1, 64),
  "model.latent": checks.Whole(1, 1024),
  "model.dropout_rate": checks.Real(0, 0.998),
}
FIELDS = own_fields.OwnFields(
  name=NAME,
  about="sees no labels",
  fields=_FIELDS,
  rules=_RULES,
  choices=_NAMES,
  defaults="nasjax.config.representation.space_defaults",
)
is_one = FIELDS.is_one
check_names = FIELDS.check_names
check = FIELDS.check


def space_defaults(space: str) -> settings.Config:
  """Returns the config of a space: `configs/arch2vec/<space>.py`."""
  config = FIELDS.config()
  fields = {"space": space, **_SPACES.get(space, {})}
  config.update_from_flattened_dict(fields)
  return config


def override(
  config: settings.Config, fields: Mapping[str, Any]
) -> settings.Config:
  """Sets fields by dotted name, in place; another space brings its defaults.

  Raises:
    UserError: a field does not exist, or a value is out of its range.
  """
  space = fields.get("space", config.space)
  if space != config.space:
    before = settings.flatten(space_defaults(config.space).to_dict())
    after = settings.flatten(space_defaults(space).to_dict())
    now = settings.flatten(config.to_dict())
    moved = {name: after[name] for name in now if now[name] == before[name]}
    fields = {**moved, **fields}
  return FIELDS.override(config, fields)
