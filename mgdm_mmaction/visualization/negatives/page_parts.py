"""What pages that open offline are made of: templates, styles, and a policy that allows no more."""

import base64
import hashlib
import html
import re
from importlib import resources

from .page_data import embed_json

__all__ = ['escape', 'fill_page', 'json_element', 'resource']

_SLOT = re.compile(r'@@([a-z_]+)@@')


def fill_page(template: str, style: str, script: str, slots: dict[str, str]) -> str:
    """Fill the slots of a template, written ``@@name@@``.

    The page's content security policy, ``@@policy@@``, allows no address but data URIs, and no
    script and style but these.

    Args:
        template (str): HTML.
        style (str): Its style sheet, for ``@@style@@``.
        script (str): Its script, for ``@@script@@``; empty for a page that runs none.
        slots (dict[str, str]): HTML of all other slots.

    Returns:
        str: HTML.
    """
    allowed = f"script-src '{_hash(script)}'; " if script else ''
    policy = (
        f"default-src 'none'; img-src data:; {allowed}style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    slots = {**slots, 'policy': policy, 'style': style, 'script': script}
    # In one pass, so that nothing that was put in is looked at again.
    return _SLOT.sub(lambda match: slots[match[1]], template)


def resource(name: str) -> str:
    """Return the text of a file that comes with the package."""
    return (resources.files(__package__) / 'page_files' / name).read_text('utf-8')


def json_element(name: str, data: object) -> str:
    """Return data as a script element that runs nothing."""
    return f'<script type="application/json" id="{name}">{embed_json(data)}</script>'


def escape(text: str) -> str:
    """Return a text of the user as HTML."""
    # A file name may hold bytes that are not UTF-8.
    return html.escape(text.encode('utf-8', 'surrogateescape').decode('utf-8', 'replace'))


def _hash(content: str) -> str:
    """Return how a content security policy names an inline script or style."""
    return 'sha256-' + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
