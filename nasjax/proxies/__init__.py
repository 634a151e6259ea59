"""Zero-cost proxies: scores of untrained networks.

`measure` scores cells of any space, `PROXIES` names what there is.
"""

from nasjax.proxies.proxy import Proxy
from nasjax.proxies.registry import PROXIES
from nasjax.proxies.scores import Scores, measure

__all__ = ["PROXIES", "Proxy", "Scores", "measure"]
