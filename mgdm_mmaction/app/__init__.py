"""The page in the browser behind tools/app.py. Needs Gradio."""

import os

# Read when Gradio is imported: no statistics, no look for a newer version.
os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'
