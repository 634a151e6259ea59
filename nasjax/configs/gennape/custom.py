"""Your own labels of networks of any kind: a CSV file `model,value`.

`model` is an ONNX file, named from the folder of the CSV file; `value` any
number (higher = better). The predictor that comes with nasjax is adapted to
them (docs/computation_graphs.md), and tested on labels that are left out. The
workdir gets what `nasjax rank --checkpoint` asks, and predictions.csv.

  python train.py --config=configs/gennape/custom.py --config.table=FILE.csv

Fields that it has or sets otherwise than `default`; those of predictors are
refused:

  model.name = "gennape"
  parts = 10
  shape = ""
  table = "FILE.csv"
"""

from nasjax.config import adaptation


def get_config():
  return adaptation.defaults()
