"""Semantic units from class names, or from sentences about the classes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from ..text.class_table import read_class_table
from ..text.corpus import format_label, normalize_label, read_labels
from ..text.phrases import extract_phrases, singular
from .format import Unit, UnitsFile

__all__ = ['BODY_PARTS', 'build_units', 'drop_near_duplicates', 'random_units', 'read_sentences']


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Always among the units.
BODY_PARTS = (
    'head', 'face', 'neck', 'shoulder', 'arm', 'hand', 'waist', 'leg', 'knee', 'foot',
)  # fmt: skip
_MORE_BODY = _words(
    'body hair eye ear nose mouth lip tooth chin cheek beard finger thumb wrist elbow chest back '
    'hip belly stomach thigh calf ankle toe skin palm fist tongue eyebrow nail eyelash heel'
)
# A compound is of the kind of its last word: 'swimming pool', 'golf course'.
_SCENES = _words(
    'alley arena backyard barn bathroom beach bedroom bridge cafe camp church city classroom '
    'cliff coast corridor court course desert dining-room diamond farm field floor forest '
    'garage garden grass ground gym hall hallway harbor hill home house ice indoors island kitchen '
    'lake lane lawn mountain ocean office outdoors park path pavement pitch playground pool '
    'restaurant rink river road rock roof room salon sand school sea shop sidewalk sky slope '
    'snow stadium stage stair stairs station store street studio surf theater track trail valley '
    'wall water woods workshop yard countryside laboratory dungeon dock bank shore arcade '
    'background distance'
)
_THINGS_IN_ING = _words(
    'ring string wing king building ceiling railing swing spring clothing earring icing painting '
    'drawing wedding frosting bling wring thing tubing piping bedding flooring siding'
)
_ABSTRACT = ('tion', 'ment', 'ness', 'ity', 'ance', 'ence')
# They say nothing about an action.
_EMPTY = _words(
    'person man woman people boy girl child kid one someone somebody something thing video action '
    'time way part group number kind piece pair lot bit use being doing having getting going '
    'using making taking putting other each front end place turn moment line row '
    'set letting coming object left right side top bottom middle'
)


def read_sentences(source: str | Path) -> dict[str, list[str]]:
    """Read classes, with sentences about them where the file has any.

    Args:
        source (str | Path): A packaged map or a text file with a class name a line; a csv file with
            the columns ``class`` and ``sentence``, a class in one or more rows; or a JSON object
            of class name to a sentence or a list of them.

    Returns:
        dict[str, list[str]]: Class name -> sentences, which may be none.

    Raises:
        MGDMError: If the file cannot be read, or has another form.
    """
    if Path(source).suffix.lower() not in ('.csv', '.json'):
        return {name: [] for name in read_labels(source)}
    return read_class_table(source, 'sentence')


def build_units(
    sentences: Mapping[str, Sequence[str]],
    data_set: str = '',
    max_share: float = 0.3,
    extract: Callable[[str], list[tuple[str, str]]] = extract_phrases,
) -> UnitsFile:
    """Collect the semantic units of a set of actions.

    They are the phrases of the class names and of the sentences, each once, and
    :data:`BODY_PARTS`. A plural goes to its singular where that is there, too. Those of more than
    ``max_share`` of the classes, where there are ten or more, tell classes apart badly and are left
    out.

    Args:
        sentences (Mapping[str, Sequence[str]]): Class name -> sentences about it.
        data_set (str): Name of the data set, for the file. Defaults to ''.
        max_share (float): Largest share of the classes that a unit may belong to. Defaults to 0.3.
        extract (Callable): The tagging function. Defaults to :func:`extract_phrases`.

    Returns:
        UnitsFile: Body parts first, then in the order of the classes.
    """
    found: dict[str, tuple[str, list[str]]] = {part: ('body', []) for part in BODY_PARTS}
    spelt = {normalize_label(part): part for part in BODY_PARTS}
    for name, texts in sentences.items():
        for text in (format_label(name), *texts):
            for phrase, role in extract(text):
                last = phrase.rsplit(' ', 1)[-1]
                if last in BODY_PARTS:
                    phrase = last
                if phrase in _EMPTY:
                    continue
                phrase = spelt.setdefault(normalize_label(phrase), phrase)
                actions = found.setdefault(phrase, (_kind(phrase, role), []))[1]
                if name not in actions:
                    actions.append(name)
    for phrase in list(found):
        if phrase != (one := singular(phrase)) and one in found:
            actions = (*found[one][1], *found.pop(phrase)[1])
            found[one] = found[one][0], list(dict.fromkeys(actions))
    most = max_share * len(sentences) if len(sentences) >= 10 else len(sentences)
    units = [
        Unit(name, kind, '', tuple(actions))
        for name, (kind, actions) in found.items()
        if name in BODY_PARTS or len(actions) <= most
    ]
    return UnitsFile(data_set, units)


def _kind(phrase: str, role: str) -> str:
    last = phrase.rsplit(' ', 1)[-1]
    if role == 'verb':
        return 'motion'
    if last in BODY_PARTS or last in _MORE_BODY:
        return 'body'
    if phrase.endswith('ing') and phrase not in _THINGS_IN_ING and ' ' not in phrase:
        return 'motion'  # at the head of a sentence taggers take it for a noun
    return 'scene' if last in _SCENES else 'object'


def drop_near_duplicates(
    file: UnitsFile, arch: str, pretrained: str, threshold: float = 0.95
) -> tuple[UnitsFile, list[tuple[Unit, Unit]]]:
    """Drop units whose text CLIP takes for that of an earlier one; their classes go to it.

    Args:
        file (UnitsFile): The units.
        arch (str): CLIP architecture.
        pretrained (str): CLIP weights.
        threshold (float): Least cosine of the texts. Defaults to 0.95.

    Returns:
        tuple[UnitsFile, list[tuple[Unit, Unit]]]: The rest, and each dropped one with what it is
        like.
    """
    import torch.nn.functional as F

    from ..text.bank import encode_corpus
    from ..text.corpus import LabelCorpus
    from ..text.near_duplicates import near_duplicates

    corpus = LabelCorpus([unit.text for unit in file.units])
    texts = F.normalize(encode_corpus(corpus, arch, pretrained).embeddings, dim=-1).numpy()
    units: list[Unit | None] = list(file.units)
    dropped = []
    for pair in sorted(near_duplicates(texts, threshold)):
        kept, other = units[pair.first], units[pair.second]
        if kept is None or other is None or other.name in BODY_PARTS:
            continue
        actions = tuple(dict.fromkeys((*kept.actions, *other.actions)))
        units[pair.first], units[pair.second] = kept._replace(actions=actions), None
        dropped.append((other, kept))
    return file._replace(units=[unit for unit in units if unit is not None]), dropped


def random_units(like: UnitsFile, seed: int, words: Iterable[str] | None = None) -> UnitsFile:
    """Draw as many random words, the control that shows whether the units matter.

    Args:
        like (UnitsFile): Where the number and the kinds come from.
        seed (int): Seed of the draw.
        words (Iterable[str], optional): What to draw from. Defaults to the abstract nouns of
            TextBlob's lexicon: among its other words are insults.
    """
    import random

    if words is None:
        from textblob.en import lexicon

        words = (
            word
            for word, tag in lexicon.items()
            if tag == 'NN' and word.isalpha() and word.islower() and word.endswith(_ABSTRACT)
        )
    known = {unit.name for unit in like.units}
    pool = sorted({word for word in words if word not in known})
    drawn = random.Random(seed).sample(pool, len(like.units))
    kinds = [unit.kind for unit in like.units]
    units = [Unit(name, kind) for name, kind in zip(drawn, kinds, strict=True)]
    return UnitsFile(f'{like.data_set} (random words)', units)
