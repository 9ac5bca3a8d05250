"""A small video data set whose classes only motion tells apart, and a tiny CLIP for it."""
