"""The command line that builds a knowledge graph, and shows one."""

import argparse
import os
from collections.abc import Sequence

from ..errors import MGDMError, check_output
from .common import add_output, print_names

__all__ = ['describe', 'main']


def main(argv: Sequence[str] | None = None) -> None:
    """Build a graph, or show one, and write its page; see ``--help``."""
    args = _parse(argv)
    for option, path in (('--out', args.out), ('--html', args.html)):
        if path is not None:
            check_output(path, args.overwrite, option)
    from ..graph import read_graph, write_graph

    graph = read_graph(args.source) if args.show else _build(args)
    for path in args.test_list:
        graph.check_held_out(_videos(path, args.delimiter), path)
    chosen = args.draw or [name for name, found in graph.of_actions().items() if found][:12]
    if unknown := [name for name in chosen if name not in graph.actions]:
        raise MGDMError(f'--draw {unknown[0]!r}: is no class of the graph.')
    if args.out is not None:
        write_graph(graph, args.out)
    text = describe(graph)
    print_names(text)
    if args.out is not None:
        print(f'{args.out}: written. Set `graph` of the config to it (MGDM_GRAPH={args.out}).')
    elif not args.show:
        print('Nothing was written: add --out.')
    if args.html is not None:
        from ..visualization.graph_page import build_graph_page
        from ..visualization.pages import write_page

        size = write_page(build_graph_page(graph, chosen, args.source, text), args.html)
        print(f'{args.html}: {size / 1e3:.0f} kB')


def _build(args: argparse.Namespace):
    from dataclasses import replace

    from ..graph import builder
    from ..graph.format import read_pairs
    from ..text.corpus import read_labels

    classes = read_labels(args.classes)
    if os.path.isdir(args.source):
        from ..datasets import check_annotation

        if not args.train_list:
            raise MGDMError(
                f'{args.source}: part annotations are of videos; give --train-list, so that those '
                'of the training videos alone are used.'
            )
        lists = [
            check_annotation(path, len(classes), args.delimiter, classes=classes)
            for path in args.train_list
        ]
        rows = [row for found in lists for row in found.rows]
        graph = builder.graph_of_parts(args.source, rows, classes, args.max_share)
        digests = {found.ann_file: found.digest for found in lists}
        return replace(graph, lists=digests, path=args.source)
    if args.descriptions:
        import functools

        from ..text.class_table import read_class_table
        from ..text.phrases import extract_phrases

        extract = functools.partial(extract_phrases, tagger=args.tagger)
        sentences = read_class_table(args.source, 'sentence')
        return builder.graph_of_descriptions(sentences, classes, extract)
    return builder.graph_of_pairs(read_pairs(args.source), classes)


def _videos(path: str, delimiter: str) -> list[str]:
    from ..datasets import check_annotation

    return [video for video, _ in check_annotation(path, None, delimiter).rows]


def describe(graph) -> str:
    """Count entities and edges, and name the classes without any movement."""
    from statistics import median

    from ..report import list_names

    counts = {name: len(found) for name, found in graph.of_actions().items()}
    without = [name for name, count in counts.items() if not count]
    users: dict[str, int] = {}
    for _, movement in graph.action_movements:
        users[movement] = users.get(movement, 0) + 1
    own = sum(count == 1 for count in users.values())
    lines = [
        f'{len(graph.actions)} actions, {len(graph.movements)} movements, '
        f'{len(graph.of_videos)} videos with movements',
        f'a-b: {len(graph.action_movements)} edges, {min(counts.values())} to '
        f'{max(counts.values())} a class, median {median(counts.values()):g}; {own} movements '
        'belong to one class alone',
        f'v-b: {len(graph.video_movements)} edges'
        + ('' if graph.video_movements else ': training goes without this relation'),
    ]
    if graph.lists:
        lines.append('made from ' + ', '.join(f'{k} ({v})' for k, v in graph.lists.items()))
    if graph.settings:
        lines.append(', '.join(f'{key} {value}' for key, value in graph.settings.items()))
    if without:
        lines.append(f'{len(without)} classes have no movement: {list_names(without)}')
    return '\n'.join(lines)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Build the graph of KG-CLIP: which class, and which training video, consists '
        'of which movements.'
    )
    parser.add_argument(
        'source', help='a csv file with the columns class,movement or a JSON object of class to '
        'movements; with --descriptions one of class to sentences; a folder of part annotations as '
        'Kinetics-TPS has them; with --show a graph, or a packaged one (jhmdb21)',
    )  # fmt: skip
    parser.add_argument('--show', action='store_true', help='the source is a graph: show it')
    parser.add_argument(
        '--classes', help='class names in label order: a file with one a line, k400, hmdb51, ucf101'
    )
    add_output(parser, 'graph to write', metavar='FILE')
    parser.add_argument('--html', metavar='PAGE', help='write a page that shows the graph')
    parser.add_argument(
        '--draw', nargs='+', metavar='CLASS', help='classes in its picture. Default: the first 12'
    )
    text = parser.add_argument_group('from descriptions')
    text.add_argument('--descriptions', action='store_true', help='the source holds class,sentence')
    text.add_argument(
        '--tagger', default='textblob', help='textblob, or an installed model of spaCy'
    )
    parts = parser.add_argument_group('from part annotations')
    parts.add_argument(
        '--train-list', nargs='+', default=[], metavar='ANN', help='training list(s): their videos '
        'and no others are used',
    )  # fmt: skip
    parts.add_argument(
        '--test-list', nargs='+', default=[], metavar='ANN', help='list(s) of which no video may '
        'be in the graph',
    )  # fmt: skip
    parts.add_argument(
        '--delimiter', default='space', help='of the lists: space, tab or a sign. Default: space'
    )
    parts.add_argument(
        '--max-share', type=float, default=0.055, metavar='SHARE', help='leave out movements of '
        'more than this share of the videos. Default: 0.055',
    )  # fmt: skip
    args = parser.parse_args(argv)
    if args.show and args.out:
        raise MGDMError('--show builds no graph: leave out --out.')
    if not args.show and not args.classes:
        raise MGDMError('--classes: is missing; give the file of class names that the config has.')
    of_parts = os.path.isdir(args.source) and not args.show
    if args.train_list and not of_parts:
        raise MGDMError('--train-list: is for a folder of part annotations; leave it out.')
    if args.test_list and not (of_parts or args.show):
        raise MGDMError(f'--test-list: {args.source} holds no videos; leave it out.')
    args.delimiter = {'space': ' ', 'tab': '\t'}.get(args.delimiter, args.delimiter)
    if not 0 < args.max_share <= 1:
        raise MGDMError(f'--max-share {args.max_share}: should be above 0 and at most 1.')
    return args
