"""The config `arch2vec/nb201`; `nasjax/configs/arch2vec/nb201.py` holds it.

python train.py --config=configs/arch2vec/nb201.py
"""

from nasjax.configs.arch2vec.nb201 import get_config

__all__ = ["get_config"]
