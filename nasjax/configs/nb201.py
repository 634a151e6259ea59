"""NAS-Bench-201 on CIFAR-10: 156 of 15,625 cells (1 %) are trained on.

Train label: 200-epoch validation accuracy. Test label: mean 200-epoch test
accuracy of all other cells.

  NASJAX_DATA=DIR python train.py --config=configs/nb201.py
"""

from nasjax import config as defaults


def get_config():
  return defaults.space_defaults("nb201")
