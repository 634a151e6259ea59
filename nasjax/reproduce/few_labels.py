"""Few labels, with and without the zero-label score as a prior."""

from nasjax.reproduce import catalog, reports

_SIZES = (10, 30, 78, 156)

SPEC = reports.Spec(
  what="few labels, with and without a zero-label prior (`config.prior`)",
  spaces=("nb201",),
  methods=(
    *("default_prior", "default", "regression_prior", "regression"),
    "xgboost_graph",
  ),
  known=tuple(catalog.METHODS),
  sizes={"nb201": _SIZES},
)


def run(options: reports.Options) -> None:
  """Measures every method, and writes the table."""
  reports.collect(options)
  reports.finish(options)
