"""Table 3: Kendall tau of the paper, the default predictor and baselines."""

from nasjax.reproduce import catalog, reports

SPEC = reports.Spec(
  what="Kendall tau at few labels (table 3 of Wang et al. 2024)",
  spaces=("nb101", "nb201", "darts"),
  methods=(*catalog.COMPARED, *catalog.FLOORS),
)


def run(options: reports.Options) -> None:
  """Measures every method and the ceilings, and writes the table."""
  reports.collect(options, with_ceilings=True)
  reports.finish(options)
