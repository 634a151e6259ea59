"""Your own labels: a CSV file with the header `arch,value`.

`arch` is the official notation of the space, `value` any number (higher =
better). Five predictors are trained on 80 % of the rows and tested on the
rest; the predictor that is kept is trained on all rows.

  python train.py --config=configs/custom.py --config.space=nb201
    --config.table=FILE.csv
"""

from nasjax import config as defaults


def get_config():
  config = defaults.default()
  config.table = "FILE.csv"
  config.num_train = 0
  config.refit = True
  return config
