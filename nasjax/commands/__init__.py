"""The command line: flags and one call into the library."""
