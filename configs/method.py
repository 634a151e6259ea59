"""The config `method`; `nasjax/configs/method.py` holds it.

python train.py --config=configs/method.py:pinat,nb201,156
"""

from nasjax.configs.method import get_config

__all__ = ["get_config"]
