"""Search spaces: genotypes, official notations, graphs, counts."""
