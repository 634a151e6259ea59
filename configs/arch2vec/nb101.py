"""The config `arch2vec/nb101`; `nasjax/configs/arch2vec/nb101.py` holds it.

python train.py --config=configs/arch2vec/nb101.py
"""

from nasjax.configs.arch2vec.nb101 import get_config

__all__ = ["get_config"]
