"""The config `nb201`; `nasjax/configs/nb201.py` holds it.

python train.py --config=configs/nb201.py
"""

from nasjax.configs.nb201 import get_config

__all__ = ["get_config"]
