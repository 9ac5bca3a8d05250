"""The commands behind tools/, one module each."""
