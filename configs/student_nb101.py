"""The config `student_nb101`; `nasjax/configs/student_nb101.py` holds it.

python train.py --config=configs/student_nb101.py
"""

from nasjax.configs.student_nb101 import get_config

__all__ = ["get_config"]
