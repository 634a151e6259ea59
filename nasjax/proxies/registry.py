"""All proxies by name."""

from nasjax.proxies import activations, counts, jacobians
from nasjax.proxies.proxy import Proxy

PROXIES: dict[str, Proxy] = {
  each.name: each
  for each in (
    counts.PARAMS,
    counts.FLOPS,
    activations.NWOT,
    jacobians.JACOV,
    jacobians.JACOV_STAGE,
  )
}
