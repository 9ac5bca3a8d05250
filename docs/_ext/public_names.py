"""API pages with all public names of a package, and a table of them at the head.

The names are the module's ``__all__``, so that no list of them has to be kept.
"""

from types import ModuleType

from sphinx.application import Sphinx
from sphinx.ext import autosummary

__all__ = ['setup']


def _add_table(
    app: Sphinx, what: str, name: str, module: ModuleType, options: object, lines: list[str]
) -> None:
    if what != 'module':
        return
    left_out = options.get('exclude-members') or ()
    # Constants have no docstring to summarise.
    names = [
        public
        for public in getattr(module, '__all__', ())
        if public not in left_out and callable(getattr(module, public))
    ]
    if names:
        lines += ['', '.. autosummary::', '   :nosignatures:', '']
        lines += [f'   {public}' for public in names]
        lines += ['']


def _keep_constant(
    app: Sphinx, what: str, name: str, member: object, skip: bool, options: object
) -> bool | None:
    # Sphinx leaves out what has no docstring, and a constant cannot have one.
    return False if what == 'module' and not callable(member) else None


def setup(app: Sphinx) -> dict:
    """Listen to modules and their members."""
    # The first sentence does not end at "MGDM, eq. 9".
    autosummary.WELL_KNOWN_ABBREVIATIONS = (*autosummary.WELL_KNOWN_ABBREVIATIONS, 'eq.')
    # After napoleon, which would take the table for prose.
    app.connect('autodoc-process-docstring', _add_table, priority=900)
    app.connect('autodoc-skip-member', _keep_constant)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
