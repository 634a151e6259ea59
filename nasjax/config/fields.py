"""Every field of a config: its meaning, and its value where nothing sets it.

NAS-Bench-201 on CIFAR-10, 156 labels. `nb101`, `nb201` and `darts` are the
defaults of the spaces (`nasjax.config.space_defaults`). Each field can be set
on the command line, and in Python as `Predictor(epochs=100)` or
`Predictor(model=dict(width=32))`.

  python train.py --config=configs/default.py --config.epochs=100
    --config.model.width=32
"""

from ml_collections import config_dict

_MODEL = {
  "name": "architecture",  # or mlp, neural_predictor, tnasp, pinat, gmae, tgnas
  "width": 64,  # of the transformer
  "num_heads": 8,
  "num_layers": 3,  # of the transformer
  "ffn_width": 128,  # of its feed-forward layers
  "encoder": "gcn",  # behind the transformer: gcn, or flow
  "encoder_layers": 3,
  "predictor_layers": 3,  # graph convolutions over the training graph
  "gcn_width": 96,
  "head_width": 256,  # of the last two dense layers
  "dropout_rate": 0.1,  # in the transformer
  "gcn_dropout_rate": 0.0,
  "encoding": "hyper",  # operation and numeric detail, or onehot
  "position": False,  # whether the Laplacian is embedded
  "attention": "structural",  # all, structural, relations
  "adjacency": "norm",  # raw, or norm: self-loops, normalised rows
  "bidirectional": True,  # both directions of the training graph
  "graph": "training",  # or inference: the forward graph alone
  "head": "gcn",  # or mlp
  "features": "head",  # graph features at: none, node, head, both
  "paths": False,  # whether path features stand beside them
  "signals": False,  # whether signals do (docs/design.md)
  "edges": False,  # whether edge features of the space do
  "functions": False,  # one score for cells that compute one function
  "feature_width": 64,  # that features are projected to
  "feature_dropout_rate": 0.1,
  "implementation": "dense",  # graph convolutions: dense, or jraph
  "extra_kinds": "",  # further kinds of features, by commas
  "operators": "",  # those of your own space, by commas; a fit fills it in
}
_KERNEL = {
  "weight": 0.5,  # of the kernel regression beside the network; 0: none
  "max_cells": 1000,  # training cells that it compares with at most
  "linear": False,  # whether kernels with a linear part are tried
  "power": 1.5,  # of differences of features
}
_OPTIMIZER = {
  "name": "adamw",  # or adam, adam_l2
  "learning_rate": 1e-3,
  "schedule": "cosine",  # or constant, or step: tenths
  "warmup_rate": 0.1,  # share of the steps
  "weight_decay": 0.05,
  "clip_norm": 1.0,  # of the gradient; 0: not clipped
}
_PRETRAIN = {
  "num_cells": 0,  # unlabelled cells to pre-train on; 0: none
  "epochs": 20,
  "batch_size": 128,
  "learning_rate": 1e-3,
  "mask_rate": 0.75,  # share of the operations that are hidden
}


def get_config() -> config_dict.ConfigDict:
  """Returns a config with the default of every field."""
  return config_dict.ConfigDict(
    {
      # What is learnt.
      "space": "nb201",  # nb101, nb201, darts
      "benchmark": "",  # docs/data.md; that of the space where empty
      "table": "",  # one's own labels: a CSV file in place of a benchmark
      "teacher": "",  # a trained predictor whose scores are the labels
      "target": "accuracy",  # or cost (latency, energy): lower = better
      "prior": "none",  # or zero: start from the zero-label score
      "dataset": "cifar10",  # labels are named <dataset>/<label>
      "split": "random",  # random, tnasp, narformer, tagates (docs/data.md)
      "train_label": "val",
      "test_label": "test",
      "num_train": 156,  # labels to train on; 0: 80 % of all
      # How often, and for how long.
      "seed": 0,  # seed of the first training and of its sample of cells
      "num_seeds": 5,  # trainings that are reported, each on its own sample
      "num_members": 1,  # networks of one predictor; a score is their mean
      "epochs": 200,
      "max_steps": 12_000,  # lowers epochs where they take more; 0: no bound
      "batch_size": 32,
      "drop_last": False,  # whether a last, smaller batch is left out
      "loss": "pairwise_logistic",  # or pairwise_hinge, mse
      "init": "lecun",  # first parameters: those of flax, or torch
      "prune": True,  # whether nodes that carry no signal are removed
      "checkpoint_every": 20,  # epochs
      "refit": False,  # whether the model that is kept sees all labels
      "model": _MODEL,
      "kernel": _KERNEL,
      "optimizer": _OPTIMIZER,
      "pretrain": _PRETRAIN,
    }
  )
