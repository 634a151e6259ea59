"""The config `arch2vec/darts`; `nasjax/configs/arch2vec/darts.py` holds it.

python train.py --config=configs/arch2vec/darts.py
"""

from nasjax.configs.arch2vec.darts import get_config

__all__ = ["get_config"]
