"""How Sphinx builds the documentation: ``make docs``.

The pages are the Markdown files beside this one, which GitHub shows as well. Nothing is fetched,
neither by the build nor by the site, which can be read from a disk without a network.
"""

import runpy
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / '_ext'))
sys.path.insert(0, str(HERE.parent))

project = 'mgdm_mmaction'
author = 'The mgdm_mmaction authors'
copyright = '2026, ' + author
version = release = runpy.run_path(str(HERE.parent / 'mgdm_mmaction/version.py'))['__version__']

extensions = [
    'myst_parser',
    'sphinx.ext.autodoc',
    'sphinx.ext.autosummary',
    'sphinx.ext.napoleon',
    'sphinx.ext.viewcode',
    # Ours, in _ext/.
    'mathml',
    'public_names',
    'repository_links',
]

html_theme = 'furo'
html_title = 'MGDM for MMAction2'
html_static_path = ['_static']
html_css_files = ['site.css']
html_math_renderer = 'mathml'
html_copy_source = False
html_show_sourcelink = False
# A summary of each hit is fetched from its page, which browsers refuse to do from a disk.
html_show_search_summary = False

# [text](page.md#a-heading) means the same here as on GitHub.
myst_heading_anchors = 4
myst_enable_extensions = ['colon_fence']

# A block without a language is shell, output or a file.
highlight_language = 'none'

autodoc_member_order = 'bysource'
# The docstrings of the classes above ours are written for other sites.
autodoc_inherit_docstrings = False
autodoc_preserve_defaults = True
autosummary_generate = False
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
python_maximum_signature_line_length = 88
add_module_names = False
toc_object_entries_show_parents = 'hide'

# The pages that include a file from outside this folder.
repository_pages = {
    'README.md': 'index',
    'README_zh-CN.md': 'zh_cn',
    'CONTRIBUTING.md': 'contributing',
    'CHANGELOG.md': 'changelog',
}
