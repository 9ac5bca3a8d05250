"""Models side by side as one HTML file, and the same tables as text."""

from collections.abc import Mapping

import pandas as pd

from ..evaluation.comparison import MEASURES, Comparison
from ..evaluation.report import markdown_table
from .pages import render_page

__all__ = ['build_comparison_page', 'describe_comparison']

_MEASURES = (
    'In %, mean ± standard deviation (n - 1) over the seeds; the last epoch is tested. Confusable '
    'pairs: how often a video scores its class above the one class that its class is most often '
    'taken for, over all models together, so that the pairs are the same in every row. ECE: '
    'expected calibration error, 15 bins of equal width; lower is better. "Among them": only the '
    'classes of a part can be chosen.'
)
_TESTS = (
    'Points of top-1. p (videos): exact sign-flip test over the videos, of the hits summed over '
    "seeds; of one seed it is McNemar's exact test. p (seeds): Welch's t-test of the seeds' "
    'accuracies, empty where a model ran once: then only the videos were tested, and another '
    "training may turn it around. p: the larger of both, Holm's correction for all rows. From 0.05 "
    'on the difference is noise: it may be chance.'
)
_COSTS = (
    'Of one clip and view. GFLOPs: all matrix products, 2 FLOPs a multiply-add. Clips a second: '
    'scores of random pixels, without decoding, in the batch of the test. Memory: estimate for '
    'training on each GPU.'
)


def describe_comparison(comparison: Comparison, costs: Mapping[str, Mapping]) -> str:
    """Write the tables in Markdown.

    Args:
        comparison (Comparison): The models.
        costs (Mapping[str, Mapping]): Of :meth:`~..evaluation.compare_runs.Runs.costs`.
    """
    parts = [*_facts(comparison)]
    for title, help, rows in _tables(comparison, costs):
        parts += [f'## {title}', help, markdown_table(rows)]
    return '\n\n'.join(parts)


def build_comparison_page(comparison: Comparison, costs: Mapping[str, Mapping]) -> str:
    """Build the page, which runs no script.

    Args:
        comparison (Comparison): The models.
        costs (Mapping[str, Mapping]): Of :meth:`~..evaluation.compare_runs.Runs.costs`.

    Returns:
        str: HTML.
    """
    names = comparison.class_names
    counts = pd.Series(comparison.labels).value_counts()
    return render_page(
        'comparison',
        kind='Comparison',
        title=f'{len(comparison.dumps)} models',
        facts=_facts(comparison),
        summary=describe_comparison(comparison, costs),
        tables=_tables(comparison, costs),
        dots={
            name: [100 * value for value in comparison.values['top1'][name]]
            for name in comparison.dumps
        },
        models=list(comparison.dumps),
        classes=[
            (names[label], int(counts[label]), values)
            for label, values in zip(
                comparison.classes.index, comparison.classes.to_numpy(), strict=True
            )
        ],
        pairs=[
            (names[label], names[comparison.partners[label]], comparison.taken[label], values)
            for label, values in zip(
                comparison.pairs.index, comparison.pairs.to_numpy(), strict=True
            )
        ],
    )


def _facts(comparison: Comparison) -> list[str]:
    labels = comparison.labels
    return [f'{len(labels)} videos of {len(set(labels.tolist()))} classes, the same for all models']


def _tables(
    comparison: Comparison, costs: Mapping[str, Mapping]
) -> list[tuple[str, str, list[dict[str, str]]]]:
    """Title, explanation and rows of each table."""
    means, spreads = comparison.means, comparison.spreads
    found = [
        (
            'Accuracy',
            _MEASURES,
            [
                {
                    'model': name,
                    'seeds': ', '.join(map(str, comparison.dumps[name])),
                    **{
                        MEASURES.get(key, key): _cell(means[key][name], spreads[key][name])
                        for key in means
                    },
                }
                for name in comparison.dumps
            ],
        )
    ]
    if len(comparison.tests):
        rows = [
            {
                'model': row.Index,
                'difference': f'{100 * row.difference:+.1f}',
                'p (videos)': _chance(row.p_videos),
                'p (seeds)': _chance(row.p_seeds),
                'p': _chance(row.p),
                'verdict': row.verdict,
            }
            for row in comparison.tests.itertuples()
        ]
        found.append((f'Against {next(iter(comparison.dumps))}', _TESTS, rows))
    if costs:
        rows = [
            {
                'model': name,
                'parameters, M': f'{cost["params"] / 1e6:.2f}',
                'trained, M': f'{cost["trained"] / 1e6:.2f}',
                'GFLOPs': f'{cost["flops"] / 1e9:.3f}',
                'clips a second': f'{cost["clips_per_second"]:.1f}',
                'memory, GiB': '' if cost['memory'] is None else f'{cost["memory"] / 2**30:.2f}',
            }
            for name, cost in costs.items()
        ]
        devices = ' and '.join(dict.fromkeys(cost['device'] for cost in costs.values()))
        found.append(('Cost', f'{_COSTS} Timed on {devices}.', rows))
    return found


def _cell(mean: float, spread: float) -> str:
    if pd.isna(mean):
        return ''
    return f'{100 * mean:.1f}' + ('' if pd.isna(spread) else f' ± {100 * spread:.1f}')


def _chance(value: float) -> str:
    if pd.isna(value):
        return ''
    return '< 0.0001' if value < 1e-4 else f'{value:.2g}'
