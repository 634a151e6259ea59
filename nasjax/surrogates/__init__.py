"""Models of what a search has seen: value and spread of every candidate."""
