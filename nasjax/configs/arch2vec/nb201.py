"""arch2vec (Yan et al. 2020).

Representations of all 15,625 cells of NAS-Bench-201.

No label is read. The workdir gets embeddings.npz and embedder/, which
`nasjax.Embedder.load` reads (docs/arch2vec.md).

  python train.py --config=configs/arch2vec/nb201.py

Fields that it has or sets otherwise than `default`; those of predictors are
refused:

  checkpoint_every = 1
  clip_norm = 5.0
  epochs = 10
  kl_weight = 0.005
  learning_rate = 0.002
  model.decoder = "product"
  model.dropout_rate = 0.0
  model.encoder = "gin"
  model.latent = 16
  model.name = "arch2vec"
  model.num_layers = 5
  model.width = 128
  num_cells = 0
  variational = True
"""

from nasjax.config import representation


def get_config():
  return representation.space_defaults("nb201")
