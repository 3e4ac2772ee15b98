"""How data sets lie on disk: a folder per split, a mapped store, array files."""
