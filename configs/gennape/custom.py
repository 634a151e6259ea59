"""The config `gennape/custom`; `nasjax/configs/gennape/custom.py` holds it.

python train.py --config=configs/gennape/custom.py --config.table=FILE.csv
"""

from nasjax.configs.gennape.custom import get_config

__all__ = ["get_config"]
