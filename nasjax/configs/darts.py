"""DARTS cells with NAS-Bench-301 SURROGATE labels: 1,000 of 11,221 cells.

Train and test label: validation accuracy at 98 epochs as a surrogate predicts
it, so the numbers say how well a surrogate is imitated.

  NASJAX_DATA=DIR python train.py --config=configs/darts.py
"""

from nasjax import config as defaults


def get_config():
  return defaults.space_defaults("darts")
