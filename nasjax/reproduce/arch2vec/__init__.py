"""Published tables of arch2vec, measured again."""
