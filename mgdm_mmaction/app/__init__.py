"""The page in the browser behind tools/app.py."""
