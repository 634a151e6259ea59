"""NAS-Bench-101 on CIFAR-10: 424 of 423,624 cells (0.1 %) are trained on.

Train label: validation accuracy of one 108-epoch run. Test label: mean test
accuracy of three runs, of all other cells.

  NASJAX_DATA=DIR python train.py --config=configs/nb101.py

Score: Kendall tau-b .823 +- .002 on the other cells, five seeds
(docs/results/table3.md, commit 29653bf1ae52).
Time: 2,084 s to train and score the five seeds on a CPU, other work running.

Sets, on top of `default`:

  benchmark = "nb101"
  epochs = 300
  kernel.max_cells = 5000
  kernel.weight = 1.0
  max_steps = 4500
  model.attention = "relations"
  model.encoder = "flow"
  model.encoder_layers = 1
  model.num_layers = 1
  model.paths = True
  model.signals = True
  num_members = 2
  num_train = 424
  space = "nb101"
"""

from nasjax import config as defaults


def get_config():
  return defaults.space_defaults("nb101")
