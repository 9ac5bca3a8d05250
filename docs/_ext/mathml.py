"""Formulas as MathML, which browsers draw themselves.

Sphinx's own renderers need a script from the network, or LaTeX while building.
"""

from docutils import nodes
from docutils.utils.math import latex2mathml
from sphinx.application import Sphinx

__all__ = ['setup']


def _visit_inline(self, node: nodes.math) -> None:
    self.body.append(latex2mathml.tex2mathml(node.astext()))
    raise nodes.SkipNode


def _visit_block(self, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, 'div', CLASS='math'))
    self.body.append(latex2mathml.tex2mathml(node.astext(), as_block=True))
    self.body.append('</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict:
    """Offer the renderer under the name ``mathml``."""
    app.add_html_math_renderer('mathml', (_visit_inline, None), (_visit_block, None))
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
