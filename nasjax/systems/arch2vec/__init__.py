"""arch2vec: representations of cells that are learnt without labels."""
