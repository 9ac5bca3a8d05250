"""Sizes of the data sets as others print them, to hold a copy against."""

from collections.abc import Sequence

__all__ = ['CLIPS_A_CLASS', 'PUBLISHED', 'compare', 'number']

_PAPER = 'MGDM'
_MMACTION2 = "MMAction2's documentation"
_OTHER = 'another copy in use'
_OFFICIAL = 'the official split'

# Clips from YouTube disappear, so that no two copies of Kinetics are alike.
PUBLISHED = {
    'kinetics400': {
        'train': ((_PAPER, 234_619), (_MMACTION2, 240_436)),
        'val': ((_PAPER, 19_761), (_MMACTION2, 19_796), (_OTHER, 19_877)),
    },
    'kinetics600': {'train': ((_MMACTION2, 383_393),), 'val': ((_MMACTION2, 27_910),)},
    'kinetics700': {'train': ((_MMACTION2, 542_357),), 'val': ((_MMACTION2, 34_824),)},
    'hmdb51': {
        'all': (('all clips', 6_766),),
        **{f'train {s}': ((_OFFICIAL, 3_570),) for s in (1, 2, 3)},
        **{f'val {s}': ((_OFFICIAL, 1_530),) for s in (1, 2, 3)},
    },
    'ucf101': {
        'all': (('all clips', 13_320),),
        **{f'train {s}': ((_OFFICIAL, n),) for s, n in ((1, 9_537), (2, 9_586), (3, 9_624))},
        **{f'val {s}': ((_OFFICIAL, n),) for s, n in ((1, 3_783), (2, 3_734), (3, 3_696))},
    },
}

# In every split of HMDB51.
CLIPS_A_CLASS = {'hmdb51': {'train': 70, 'val': 30}}


def number(value: int) -> str:
    """Write a count with a space between thousands."""
    return f'{value:,}'.replace(',', ' ')


def compare(count: int, published: Sequence[tuple[str, int]]) -> list[str]:
    """Hold a count against published ones: a line for each, of whose it is and the difference.

    A difference is no error: what matters is that it is stated next to an accuracy.
    """
    lines = []
    for whose, other in published:
        differs = f'your copy differs by {count - other:+d}' if count != other else 'equal'
        lines.append(f'published {number(other)} ({whose}): {differs}')
    return lines
