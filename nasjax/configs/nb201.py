"""NAS-Bench-201 on CIFAR-10: 156 of 15,625 cells (1 %) are trained on.

Train label: 200-epoch validation accuracy. Test label: mean 200-epoch test
accuracy of all other cells.

  NASJAX_DATA=DIR python train.py --config=configs/nb201.py

Score: Kendall tau-b .842 +- .010 on the other cells, five seeds
(docs/results/table3.md, commit b9a8f7704ef9).
Time: 250 s to train and score the five seeds on a CPU
(docs/results/calibration.md).

Sets, on top of `default`:

  benchmark = "nb201"
  kernel.weight = 0.75
  max_steps = 2500
  model.functions = True
  num_members = 2
"""

from nasjax import config as defaults


def get_config():
  return defaults.space_defaults("nb201")
