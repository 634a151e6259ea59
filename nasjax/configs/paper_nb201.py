"""The recipe of Wang et al. (2024) on NAS-Bench-201, CIFAR-10.

156 of 15,625 cells (1 %) are trained on: squared error, Adam at 1e-4,
batches of 10, 300 epochs, and the model's own default fields.

Train label: 200-epoch validation accuracy. Test label: mean 200-epoch test
accuracy of all other cells.

  NASJAX_DATA=DIR python train.py --config=configs/paper_nb201.py
"""

from nasjax.reproduce import recipes


def get_config():
  return recipes.recipe("paper", "nb201", 156)
