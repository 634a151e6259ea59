"""The config `default`; `nasjax/config/fields.py` shows every field.

python train.py --config=configs/default.py
"""

from nasjax.configs.default import get_config

__all__ = ["get_config"]
