"""The config `nb101`; `nasjax/configs/nb101.py` holds it.

python train.py --config=configs/nb101.py
"""

from nasjax.configs.nb101 import get_config

__all__ = ["get_config"]
