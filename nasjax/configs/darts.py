"""DARTS cells with NAS-Bench-301 SURROGATE labels: 1,000 of 11,221 cells.

Train and test label: validation accuracy at 98 epochs as a surrogate predicts
it, so the numbers say how well a surrogate is imitated.

  NASJAX_DATA=DIR python train.py --config=configs/darts.py

Score: Kendall tau-b .902 +- .001 on the other cells, five seeds
(docs/results/table3.md, commit e9529ec15b12).
Time: 1,339 s to train and score the five seeds on a CPU, other work running;
337 s to train one of them (nasjax/pretrained/darts/README.md).

Sets, on top of `default`:

  benchmark = "nb301"
  epochs = 100
  kernel.linear = True
  kernel.power = 1.0
  kernel.weight = 2.0
  max_steps = 6400
  model.edges = True
  model.paths = True
  num_members = 2
  num_train = 1000
  space = "darts"
  test_label = "val"
"""

from nasjax import config as defaults


def get_config():
  return defaults.space_defaults("darts")
