"""The page that shows a negatives file."""
