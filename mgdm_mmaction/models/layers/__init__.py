"""Layers and functions that the parts of a recogniser are made of."""
