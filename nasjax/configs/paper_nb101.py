"""The recipe of Wang et al. (2024) on NAS-Bench-101, CIFAR-10.

424 of 423,624 cells (0.1 %) are trained on: squared error, Adam at 1e-4,
batches of 10, 300 epochs, and the model's own default fields.

Train label: validation accuracy of one 108-epoch run. Test label: mean test
accuracy of three runs, of all other cells.

  NASJAX_DATA=DIR python train.py --config=configs/paper_nb101.py

Score: Kendall tau-b .667 +- .007 on the other cells, five seeds
(docs/results/table3.md, commit 546e72177444); published .728.
Time: 332 s to train and score the five seeds on a CPU, other work running.

Sets, on top of `default`:

  batch_size = 10
  benchmark = "nb101"
  epochs = 300
  init = "torch"
  kernel.max_cells = 5000
  kernel.weight = 1.0
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
  num_train = 424
  optimizer.clip_norm = 0.0
  optimizer.learning_rate = 0.0001
  optimizer.name = "adam"
  optimizer.schedule = "constant"
  optimizer.warmup_rate = 0.0
  optimizer.weight_decay = 0.0
  space = "nb101"
"""

from nasjax.reproduce import recipes


def get_config():
  return recipes.recipe("paper", "nb101", 424)
