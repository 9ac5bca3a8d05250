"""One HTML file that shows a knowledge graph, some of its classes as a picture."""

from collections.abc import Sequence

from ..graph import KnowledgeGraph
from .figures import data_uri, figure_style, shorten
from .pages import render_page

__all__ = ['build_graph_page', 'draw_graph']

_ACTION, _SHARED, _OWN = '#2b6cb0', '#c05621', '#718096'


def build_graph_page(graph: KnowledgeGraph, chosen: Sequence[str], title: str, summary: str) -> str:
    """Build the page: the picture, and the movements of all classes.

    Args:
        graph (KnowledgeGraph): The graph.
        chosen (Sequence[str]): Classes to draw.
        title (str): Title of the page.
        summary (str): Text of the terminal.
    """
    users: dict[str, int] = {}
    for _, movement in graph.action_movements:
        users[movement] = users.get(movement, 0) + 1
    return render_page(
        'graph',
        kind='Knowledge graph',
        title=title,
        facts=summary.splitlines(),
        summary=summary,
        chosen=chosen,
        picture=draw_graph(graph, chosen),
        classes=[
            (name, [(movement, users[movement]) for movement in found])
            for name, found in graph.of_actions().items()
        ],
    )


def draw_graph(graph: KnowledgeGraph, chosen: Sequence[str]) -> str:
    """Draw classes in a column, their movements in another, and the edges between them.

    Movements are ordered by the mean place of their classes, so that edges cross little; those of
    several of the classes stand out.

    Returns:
        str: PNG as a data URI.
    """
    from matplotlib.figure import Figure

    of_actions = graph.of_actions()
    users: dict[str, list[int]] = {}
    for i, name in enumerate(chosen):
        for movement in of_actions[name]:
            users.setdefault(movement, []).append(i)
    movements = sorted(users, key=lambda name: (sum(users[name]) / len(users[name]), name))
    rows = max(len(movements), len(chosen), 1)

    def place(at: int, count: int) -> float:
        return (at + 0.5) / max(count, 1)

    with figure_style([*chosen, *movements]):
        figure = Figure(figsize=(8, 0.5 + 0.24 * rows), dpi=100, layout='constrained')
        axes = figure.add_subplot()
        axes.set_axis_off()
        axes.set_xlim(-0.9, 2.1)
        axes.set_ylim(1, 0)
        for j, movement in enumerate(movements):
            y, shared = place(j, len(movements)), len(users[movement]) > 1
            color = _SHARED if shared else _OWN
            for i in users[movement]:
                axes.plot(
                    [0, 1], [place(i, len(chosen)), y], color=color, lw=1.2 if shared else 0.7,
                    alpha=0.8,
                )  # fmt: skip
            axes.plot(1, y, 'o', color=color, ms=4)
            axes.text(1.04, y, shorten(movement, 44), va='center', color=color)
        for i, name in enumerate(chosen):
            axes.plot(0, place(i, len(chosen)), 'o', color=_ACTION, ms=7)
            axes.text(
                -0.04, place(i, len(chosen)), shorten(name, 36), ha='right', va='center',
                color=_ACTION,
            )  # fmt: skip
        figure.set_facecolor('white')
        return data_uri(figure)
