"""Counts of the live part of a cell, in the official network of its space."""

from nasjax.proxies.proxy import Proxy

PARAMS = Proxy(
  "params",
  "trainable parameters (Ning et al. 2021, NeurIPS)",
  count=lambda space, genotypes: space.num_params(genotypes),
  needs_images=False,
)
FLOPS = Proxy(
  "flops",
  "multiply-adds (Ning et al. 2021, NeurIPS)",
  count=lambda space, genotypes: space.flops(genotypes),
  needs_images=False,
)
