"""HTML pages that open offline: one file each, which loads nothing and runs nothing but its own."""

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..errors import write_whole

__all__ = ['render_page', 'write_page']


def render_page(name: str, **values) -> str:
    """Fill the template of a page.

    Texts are escaped as HTML, ``data`` as JSON within a script element. The content security policy
    of the page allows no address but data URIs, and no style and script but its own.

    Args:
        name (str): Template ``name.html``, which extends ``base.html``; its script is ``name.js``,
            if there is one.
        **values: What the template shows.

    Returns:
        str: HTML.
    """
    pages = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    pages.policies['json.dumps_kwargs'] = dict(separators=(',', ':'), allow_nan=False)

    def own(file: str) -> Markup:
        return Markup(pages.loader.get_source(pages, file)[0])

    style = own('page.css')
    script = own(f'{name}.js') if f'{name}.js' in pages.list_templates() else Markup()
    policy = [
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'",
        f"style-src '{_digest(style)}'",
        *([f"script-src '{_digest(script)}'"] if script else []),
    ]
    values |= dict(policy='; '.join(policy), style=style, script=script)
    return pages.get_template(f'{name}.html').render(values)


def _digest(content: str) -> str:
    """Return how a content security policy names an inline script or style."""
    return 'sha256-' + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def write_page(page: str, out: str | Path) -> int:
    """Write a page, whole or not at all, and return its size in bytes.

    Raises:
        MGDMError: If it cannot be written.
    """
    # A file name may hold bytes that are not UTF-8.
    content = page.encode('utf-8', 'replace')
    with write_whole(out) as part:
        part.write_bytes(content)
    return len(content)
