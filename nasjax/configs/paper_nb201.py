"""The recipe of Wang et al. (2024) on NAS-Bench-201, CIFAR-10.

156 of 15,625 cells (1 %) are trained on: squared error, Adam at 1e-4,
batches of 10, 300 epochs, and the model's own default fields.

Train label: 200-epoch validation accuracy. Test label: mean 200-epoch test
accuracy of all other cells.

  NASJAX_DATA=DIR python train.py --config=configs/paper_nb201.py

Score: Kendall tau-b .713 +- .018 on the other cells, five seeds
(docs/results/table3.md, commit e55ff1f38797); published .647.

Sets, on top of `default`:

  batch_size = 10
  benchmark = "nb201"
  epochs = 300
  init = "torch"
  kernel.weight = 0.75
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
  optimizer.clip_norm = 0.0
  optimizer.learning_rate = 0.0001
  optimizer.name = "adam"
  optimizer.schedule = "constant"
  optimizer.warmup_rate = 0.0
  optimizer.weight_decay = 0.0
"""

from nasjax.reproduce import recipes


def get_config():
  return recipes.recipe("paper", "nb201", 156)
