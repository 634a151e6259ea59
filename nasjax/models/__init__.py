"""Models: linen modules written for one architecture."""
