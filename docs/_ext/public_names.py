"""A table of the public names at the head of every package's API page.

The names are the module's ``__all__``, so that no list of them has to be kept.
"""

from types import ModuleType

from sphinx.application import Sphinx

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


def setup(app: Sphinx) -> dict:
    """Listen to the docstrings of modules."""
    # After napoleon, which would take the table for prose.
    app.connect('autodoc-process-docstring', _add_table, priority=900)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
