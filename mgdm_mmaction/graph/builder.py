"""Building a graph from part annotations, tables or descriptions."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from ..errors import MGDMError
from ..text.corpus import normalize_label
from .format import KnowledgeGraph

__all__ = ['graph_of_descriptions', 'graph_of_pairs', 'graph_of_parts', 'read_parts']

#: Movements of more than this share of the videos tell nothing. Ours; on Kinetics-TPS it leaves
#: about as many movements as the authors' graph has.
MAX_SHARE = 0.055


def graph_of_pairs(pairs: Iterable[tuple[str, str]], classes: Sequence[str]) -> KnowledgeGraph:
    """Build a graph of actions and movements from pairs of both.

    Args:
        pairs (Iterable[tuple[str, str]]): Class and movement; a class in any spelling.
        classes (Sequence[str]): Class names of the data set.

    Raises:
        MGDMError: If a pair names an unknown class, or is there twice.
    """
    known = {normalize_label(name): name for name in classes}
    place: dict[str, str] = {}
    found = []
    for name, movement in pairs:
        action = known.get(normalize_label(name))
        if action is None:
            raise MGDMError(
                f'{name!r} is no class of the data set; known are {", ".join(list(classes)[:5])}, '
                '... Correct the table.'
            )
        movement = place.setdefault(normalize_label(movement), movement)
        if (action, movement) in found:
            raise MGDMError(f'{name!r} has the movement {movement!r} twice; delete one.')
        found.append((action, movement))
    return KnowledgeGraph(list(classes), list(place.values()), found)


def graph_of_descriptions(
    sentences: Mapping[str, Sequence[str]],
    classes: Sequence[str],
    extract: Callable[[str], list[tuple[str, str]]],
) -> KnowledgeGraph:
    """Build a graph from sentences about the classes.

    A verb with the noun behind it, if there is one, is a movement: 'swinging golf club'.

    Args:
        sentences (Mapping[str, Sequence[str]]): Class name -> sentences about it.
        classes (Sequence[str]): Class names of the data set.
        extract (Callable): Tagger: sentence -> phrases with 'noun' or 'verb', in order.
    """
    pairs: dict[tuple[str, str], None] = {}
    for name, texts in sentences.items():
        for text in texts:
            phrases = extract(text)
            for at, (phrase, role) in enumerate(phrases):
                if role == 'verb':
                    after = phrases[at + 1 : at + 2]
                    noun = [word for word, kind in after if kind == 'noun']
                    pairs[name, ' '.join([phrase, *noun])] = None
    if not pairs:
        raise MGDMError('the descriptions have no -ing verb: write "swinging a golf club".')
    return graph_of_pairs(pairs, classes)


def read_parts(folder: str | Path) -> set[str]:
    """Read the movements of a video off its part annotations.

    Args:
        folder (str | Path): One JSON file a frame, as Kinetics-TPS has them: ``{"humans":
            [{"parts": [{"name", "verb", "obj_class" or null}]}]}``, underscores for spaces.

    Returns:
        set[str]: 'left hand swing ball'; parts with 'none' as their verb are left out.

    Raises:
        MGDMError: If a file has another form.
    """
    found = set()
    for file in sorted(Path(folder).glob('*.json')):
        try:
            for human in json.loads(file.read_text('utf-8'))['humans']:
                for part in human['parts']:
                    words = [part['name'], part['verb'], part.get('obj_class') or '']
                    if 'none' not in words[1].lower().replace('_', ' ').split():
                        found.add(' '.join(' '.join(words).replace('_', ' ').lower().split()))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise MGDMError(
                f'{file}: expected {{"humans": [{{"parts": [{{"name", "verb", "obj_class"}}]}}]}} '
                f'({type(error).__name__}: {error}).'
            ) from None
    return found


def graph_of_parts(
    root: str | Path,
    rows: Sequence[tuple[str, int]],
    classes: Sequence[str],
    max_share: float = MAX_SHARE,
) -> KnowledgeGraph:
    """Build a graph from the part annotations of the training videos.

    An action has the movements of its videos. Movements of more than ``max_share`` of the videos
    are left out.

    Args:
        root (str | Path): Folder with a folder of annotations for each video, under its path
            without the ending, or under its name alone.
        rows (Sequence[tuple[str, int]]): Videos of the training list, and no others, with labels.
        classes (Sequence[str]): Class names of the data set.
        max_share (float): Defaults to 0.055.

    Raises:
        MGDMError: If no video has annotations.
    """
    found: dict[str, set[str]] = {}
    for path, _ in rows:
        stem = Path(path).with_suffix('')
        for folder in (Path(root, path), Path(root, stem), Path(root, stem.name)):
            if folder.is_dir():
                found[path] = read_parts(folder)
                break
    if not found:
        raise MGDMError(
            f'{root}: holds no folder of any of the {len(rows)} videos, such as '
            f'{Path(root, Path(rows[0][0]).stem)}.'
        )
    frequency = Counter(movement for own in found.values() for movement in own)
    kept = {m for m, count in frequency.items() if count <= max(1, max_share * len(found))}
    videos = [(path, m) for path, _ in rows for m in sorted(found.get(path, set()) & kept)]
    if not videos:
        raise MGDMError(f'{root}: no movement is left; is --max-share {max_share} too low?')
    label = dict(rows)
    actions = dict.fromkeys((classes[label[path]], m) for path, m in videos)
    settings = dict(max_share=max_share, annotated=len(found), dropped=len(frequency) - len(kept))
    return KnowledgeGraph(list(classes), sorted(kept), sorted(actions), videos, settings=settings)
