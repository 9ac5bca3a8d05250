"""Links from a page to the rest of the repository, made to work on the site.

On GitHub ``[text](../configs/mgdm_k400.py)`` opens the file. Here it opens a page that shows it; a
folder has no page, so its link becomes plain text; the README and a few others are pages of the
site (``repository_pages`` in ``conf.py``). Sphinx warns of a link that leads nowhere.
"""

import html
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

__all__ = ['setup']

FOLDER = '_files'
_LEXERS = {'.py': 'python', '.sh': 'bash', '.json': 'json', '.ipynb': 'json', '.yml': 'yaml'}
_OUTSIDE = re.compile(r'(?<=\]\()\.\./([\w./-]+\.md)(#[\w-]+)?(?=\))')


def _point_to_pages(app: Sphinx, docname: str, source: list[str]) -> None:
    """Turn links to the README and its like into links to the pages that include them."""
    pages = app.config.repository_pages
    up = '../' * docname.count('/')

    def replace(match: re.Match) -> str:
        page = pages.get(match[1])
        return f'{up}{page}.md{match[2] or ""}' if page else match[0]

    source[0] = _OUTSIDE.sub(replace, source[0])


def _show_files(app: Sphinx, doctree: nodes.document) -> None:
    """Replace links to files and folders of the repository."""
    env = app.env
    for node in list(doctree.findall(_is_link)):
        path = _find(app, node)
        if path is None:
            continue
        children = node.children
        if path.is_file():
            name = path.relative_to(_root(app)).as_posix()
            page = app.config.repository_pages.get(name)
            if page is None:
                page = f'{FOLDER}/{name}'
                env.repository_files.setdefault(env.docname, set()).add(path)
            uri = app.builder.get_relative_uri(env.docname, page)
            children = [nodes.reference('', '', *children, internal=True, refuri=uri)]
        node.replace_self(children)


def _is_link(node: nodes.Node) -> bool:
    is_link = isinstance(node, addnodes.download_reference | addnodes.pending_xref)
    return is_link and node.get('reftype') == 'myst' and node.get('refdomain') is None


def _find(app: Sphinx, node: nodes.Element) -> Path | None:
    """Return the file or folder outside docs/ that a link means."""
    target = node['reftarget'].partition('#')[0]
    page = Path(app.env.doc2path(app.env.docname))
    # The text of an included file, such as CONTRIBUTING.md, counts from that file's folder.
    for folder in (page.parent, _root(app)):
        path = Path(posixpath.normpath((folder / target).as_posix()))
        if target and path.exists() and path.is_relative_to(_root(app)):
            return path
    return None


def _root(app: Sphinx) -> Path:
    return Path(app.srcdir).parent


def _pages(app: Sphinx) -> Iterator[tuple[str, dict, str]]:
    """Yield the pages that show the files."""
    for path in sorted(set().union(*app.env.repository_files.values())):
        name = path.relative_to(_root(app)).as_posix()
        lexer = _LEXERS.get(path.suffix, 'text')
        code = app.builder.highlighter.highlight_block(path.read_text(encoding='utf-8'), lexer)
        context = {'title': name, 'body': f'<h1>{html.escape(name)}</h1>{code}'}
        yield f'{FOLDER}/{name}', context, 'page.html'


def _begin(app: Sphinx) -> None:
    if not hasattr(app.env, 'repository_files'):
        app.env.repository_files = {}


def _forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    env.repository_files.pop(docname, None)


def setup(app: Sphinx) -> dict:
    """Listen to pages being read, and add the pages of files."""
    app.add_config_value('repository_pages', {}, 'env')
    app.connect('builder-inited', _begin)
    app.connect('source-read', _point_to_pages)
    app.connect('env-purge-doc', _forget)
    # Before Sphinx collects the files to download.
    app.connect('doctree-read', _show_files, priority=100)
    app.connect('html-collect-pages', _pages)
    return {'parallel_read_safe': False, 'parallel_write_safe': True}
