"""A small predictor of the DARTS space that learns from the pretrained one.

Train label: the pretrained predictor's score of 10,000 cells. Test label: as in
configs/darts.py.

  NASJAX_DATA=DIR python train.py --config=configs/student_darts.py
"""

from nasjax import config as defaults


def get_config():
  return defaults.student_defaults("darts")
