"""The config in `model.json` of a saved predictor, checked field by field."""

from typing import Any

from nasjax import config as configs
from nasjax import errors
from nasjax.config import checks

_FIRST = frozenset(
  [
    "space",
    "benchmark",
    "table",
    "dataset",
    "split",
    "train_label",
    "test_label",
    "num_train",
    "seed",
    "num_seeds",
    "num_members",
    "epochs",
    "batch_size",
    "drop_last",
    "loss",
    "prune",
    "checkpoint_every",
    "refit",
    "optimizer.name",
    "optimizer.learning_rate",
    "optimizer.schedule",
    "optimizer.warmup_rate",
    "optimizer.weight_decay",
    "optimizer.clip_norm",
    "model.name",
    "model.width",
    "model.num_heads",
    "model.num_layers",
    "model.ffn_width",
    "model.encoder_layers",
    "model.predictor_layers",
    "model.gcn_width",
    "model.head_width",
    "model.dropout_rate",
    "model.gcn_dropout_rate",
    "model.encoding",
    "model.position",
    "model.attention",
    "model.adjacency",
    "model.bidirectional",
    "model.graph",
    "model.head",
    "model.implementation",
  ]
)
"""Fields of the first saved models; later ones may be missing."""


def as_object(name: str, value: Any) -> dict[str, Any]:
  """Returns a JSON object, called `name` in messages.

  Raises:
    UserError: the value is none.
  """
  if not isinstance(value, dict):
    raise errors.UserError(
      f"{name}: expected an object of fields, got {errors.quote(value)}"
    )
  return value


def read_config(fields: dict[str, Any]) -> configs.Config:
  """Returns a whole config from its nested fields, each of them checked.

  Raises:
    UserError: a field is missing, unknown, of another type or out of range.
  """
  model = as_object("config.model", fields.get("model"))
  name = model.get("name")
  checks.check_value("config.model.name", name, checks.Text(64))
  known = configs.use_model(configs.default(), str(name)).to_dict()
  for part, value in fields.items():
    if isinstance(known.get(part), dict):
      as_object(f"config.{part}", value)
      for field, each in value.items():
        _plain(f"config.{part}.{field}", each)
    else:
      _plain(f"config.{part}", value)
  flat = configs.flatten(fields)
  for field in configs.flatten(known):
    if field in _FIRST and field not in flat:
      raise errors.UserError(f"config.{field}: expected a value, got none")
  return checks.check(configs.restored(fields))


def _plain(name: str, value: Any) -> None:
  if isinstance(value, (dict, list)):
    raise errors.UserError(
      f"{errors.quote(name)}: expected a text, a number or a truth value, got "
      f"{'an object' if isinstance(value, dict) else 'a list'}"
    )
