"""NAS-Bench-101 on CIFAR-10: 424 of 423,624 cells (0.1 %) are trained on.

Train label: validation accuracy of one 108-epoch run. Test label: mean test
accuracy of three runs, of all other cells.

  NASJAX_DATA=DIR python train.py --config=configs/nb101.py
"""

from nasjax import config as defaults


def get_config():
  return defaults.space_defaults("nb101")
