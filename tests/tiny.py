"""A model and a config small enough to compile and train in seconds."""

from nasjax import config as configs

MODEL = {
  "width": 8,
  "num_heads": 2,
  "num_layers": 1,
  "ffn_width": 8,
  "encoder_layers": 1,
  "predictor_layers": 1,
  "gcn_width": 8,
  "head_width": 8,
}


def config(**fields):
  """Default config with the tiny model and three short epochs."""
  small = {f"model.{name}": value for name, value in MODEL.items()}
  base = {
    "epochs": 3,
    "num_train": 20,
    "num_seeds": 2,
    "batch_size": 8,
    "checkpoint_every": 1,
  }
  return configs.override(configs.default(), {**small, **base, **fields})
