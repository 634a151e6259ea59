"""Files of other programs and of caches: downloads, pickles, replacing."""
