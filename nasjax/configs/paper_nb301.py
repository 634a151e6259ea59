"""The recipe of Wang et al. (2024) on DARTS cells with SURROGATE labels.

1,000 of 11,221 cells are trained on: squared error, Adam at 1e-4,
batches of 10, 300 epochs, and the model's own default fields.

Train and test label: validation accuracy at 98 epochs as a surrogate of
NAS-Bench-301 predicts it.

  NASJAX_DATA=DIR python train.py --config=configs/paper_nb301.py

Score: not measured with these labels. With 300 labels of 545 trained cells
Kendall tau-b is .600 +- .038 (docs/results/table3.md).

Sets, on top of `default`:

  batch_size = 10
  benchmark = "nb301"
  epochs = 300
  init = "torch"
  kernel.linear = True
  kernel.power = 1.0
  kernel.weight = 2.0
  loss = "mse"
  max_steps = 0
  model.adjacency = "raw"
  model.attention = "all"
  model.bidirectional = False
  model.feature_dropout_rate = 0.0
  model.features = "none"
  model.ffn_width = 256
  model.gcn_width = 144
  model.position = True
  num_train = 1000
  optimizer.clip_norm = 0.0
  optimizer.learning_rate = 0.0001
  optimizer.name = "adam"
  optimizer.schedule = "constant"
  optimizer.warmup_rate = 0.0
  optimizer.weight_decay = 0.0
  space = "darts"
  test_label = "val"
"""

from nasjax.reproduce import recipes


def get_config():
  return recipes.recipe("paper", "darts", 1000)
