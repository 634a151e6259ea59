"""The recipe of Wang et al. (2024) on NAS-Bench-101, CIFAR-10.

424 of 423,624 cells (0.1 %) are trained on: squared error, Adam at 1e-4,
batches of 10, 300 epochs, and the model's own default fields.

Train label: validation accuracy of one 108-epoch run. Test label: mean test
accuracy of three runs, of all other cells.

  NASJAX_DATA=DIR python train.py --config=configs/paper_nb101.py
"""

from nasjax.reproduce import recipes


def get_config():
  return recipes.recipe("paper", "nb101", 424)
