"""Fuzzers: mutated inputs for every reader of bytes that others wrote."""
