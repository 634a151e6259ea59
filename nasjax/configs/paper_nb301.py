"""The recipe of Wang et al. (2024) on DARTS cells with SURROGATE labels.

1,000 of 11,221 cells are trained on: squared error, Adam at 1e-4,
batches of 10, 300 epochs, and the model's own default fields.

Train and test label: validation accuracy at 98 epochs as a surrogate of
NAS-Bench-301 predicts it.

  NASJAX_DATA=DIR python train.py --config=configs/paper_nb301.py
"""

from nasjax.reproduce import recipes


def get_config():
  return recipes.recipe("paper", "darts", 1000)
