"""Ablation of the full training graph (section 4.3 of Wang et al. 2024)."""

from nasjax.reproduce import outcomes, published, reports, results

SPEC = reports.Spec(
  what="training graph against inference graph (section 4.3 of Wang et al. "
  f"2024: {published.TRAINING_GRAPH['paper_inference']} -> "
  f"{published.TRAINING_GRAPH['paper']}, benchmark and size not stated)",
  spaces=("nb201",),
  methods=("paper", "paper_inference"),
)


def run(options: reports.Options) -> None:
  """Measures both graphs and writes the table."""

  def graph_size(outcome: outcomes.Outcome) -> list[results.Row]:
    if outcome.num_params is None:
      return []
    return [outcome.row("num_params", [outcome.num_params])]

  reports.collect(options, extra_rows=graph_size)
  reports.finish(options)
