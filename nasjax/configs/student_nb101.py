"""A small predictor of NAS-Bench-101 that learns from the pretrained one.

Train label: the pretrained predictor's score of 50,000 cells. Test label: as in
configs/nb101.py.

  NASJAX_DATA=DIR python train.py --config=configs/student_nb101.py
"""

from nasjax import config as defaults


def get_config():
  return defaults.student_defaults("nb101")
