"""TG-NAS (Qiao et al. 2024) as its code has it.

Four layers that sum over neighbours, with batch normalisation: a graph network
over sentences of operators, trained on 50,000 cells of NAS-Bench-101, that
scores cells of other spaces (`Predictor.transfer`).

Train and test label: mean test accuracy of three runs.

  NASJAX_DATA=DIR python train.py --config=configs/tgnas/code.py

Sets, on top of `default`:

  batch_size = 128
  benchmark = "nb101"
  epochs = 100
  kernel.max_cells = 5000
  kernel.weight = 1.0
  loss = "mse"
  max_steps = 0
  model.cells = "normal"
  model.dropout_rate = 0.0
  model.encoder = "minilm"
  model.name = "tgnas"
  model.num_layers = 4
  model.sentence = "short"
  model.variant = "code"
  num_seeds = 1
  num_train = 50000
  optimizer.clip_norm = 0.0
  optimizer.schedule = "step"
  optimizer.warmup_rate = 0.0
  optimizer.weight_decay = 0.01
  prune = False
  space = "nb101"
  train_label = "test"
"""

from nasjax import config as defaults
from nasjax.reproduce import recipes


def get_config():
  config = recipes.recipe("tgnas_code", "nb101", 50_000)
  return defaults.override(config, {"num_seeds": 1})
