"""All proxies by name."""

from nasjax.proxies import (
  activations,
  az_nas,
  counts,
  fisher,
  gradients,
  intrain,
  jacobians,
  ntk,
  synflow,
  vkdnw,
  zen,
  zico,
)
from nasjax.proxies.proxy import Proxy

PROXIES: dict[str, Proxy] = {
  each.name: each
  for each in (
    jacobians.EPE_NAS,
    fisher.FISHER,
    counts.FLOPS,
    gradients.GRAD_NORM,
    gradients.GRASP,
    jacobians.JACOV,
    gradients.L2_NORM,
    activations.NWOT,
    counts.PARAMS,
    gradients.PLAIN,
    gradients.SNIP,
    synflow.SYNFLOW,
    zen.ZEN,
    jacobians.JACOV_STAGE,
    vkdnw.VKDNW,
    az_nas.EXPRESSIVITY,
    az_nas.PROGRESSIVITY,
    az_nas.TRAINABILITY,
    az_nas.COMPLEXITY,
    zico.ZICO,
    ntk.NTK,
    intrain.INTRAIN,
  )
}
