"""A small predictor of NAS-Bench-101 that learns from the pretrained one.

Train label: the pretrained predictor's score of 50,000 cells. Test label: as in
configs/nb101.py.

  NASJAX_DATA=DIR python train.py --config=configs/student_nb101.py

Score: Kendall tau-b .8717 on all labelled cells, one seed; its teacher: .8722.
Time: 178 s to train on a CPU (nasjax/pretrained/nb101_student/README.md).

Sets, on top of `default`:

  batch_size = 256
  benchmark = "nb101"
  epochs = 40
  kernel.max_cells = 5000
  kernel.weight = 0.0
  model.attention = "relations"
  model.encoder_layers = 0
  model.feature_dropout_rate = 0.0
  model.gcn_width = 64
  model.graph = "inference"
  model.head_width = 128
  model.num_heads = 4
  model.num_layers = 0
  model.width = 32
  num_seeds = 1
  num_train = 50000
  optimizer.learning_rate = 0.003
  optimizer.weight_decay = 0.0
  space = "nb101"
  teacher = "nb101"
  train_label = "predicted"
"""

from nasjax import config as defaults


def get_config():
  return defaults.student_defaults("nb101")
