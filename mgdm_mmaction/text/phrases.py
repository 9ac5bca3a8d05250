"""Phrases of a sentence: its nouns and what is done, by a part-of-speech tagger."""

import functools
from collections.abc import Callable, Iterator

from ..errors import MGDMError

__all__ = ['extract_phrases', 'singular']

# Words that belong to the verb before them: 'moving left', 'getting up'.
_PARTICLES = (
    'up', 'down', 'left', 'right', 'off', 'over', 'out', 'in', 'on', 'away', 'back', 'backward',
    'backwards', 'forward', 'forwards', 'around', 'apart', 'together', 'upward', 'upwards',
    'downward', 'downwards', 'sideways', 'aside', 'upside',
)  # fmt: skip
# 'Playing in a band' goes nowhere, 'pushing in' does: these count only where the phrase ends.
_PREPOSITIONS = ('up', 'down', 'off', 'over', 'out', 'in', 'on', 'around')


def extract_phrases(sentence: str, tagger: str = 'textblob') -> list[tuple[str, str]]:
    """Find nouns, compound nouns and -ing verbs.

    Nouns are in the singular; a compound of two or more nouns is one phrase. A verb in -ing takes a
    direction behind it along. Everything is in lower case, in the order of the sentence.

    Args:
        sentence (str): A sentence or a few words, in English.
        tagger (str): 'textblob', which needs the package and nothing else, or the name of a model
            of spaCy such as 'en_core_web_sm' (not tried). Defaults to 'textblob'.

    Returns:
        list[tuple[str, str]]: Phrases, each with 'noun' or 'verb'.

    Raises:
        MGDMError: If the tagger is not installed.

    Example:
        >>> extract_phrases('Swinging a golf club on the grass.')  # doctest: +SKIP
        [('swinging', 'verb'), ('golf club', 'noun'), ('grass', 'noun')]
    """
    tags = [(word.lower(), tag) for word, tag in _tagger(tagger)(sentence)]
    return list(_phrases(tags))


def _phrases(tags: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Read phrases off words with their Penn Treebank tags."""
    nouns: list[tuple[str, str]] = []
    for at, (word, tag) in enumerate([*tags, ('', '.')]):
        is_word = word.replace('-', '').replace("'", '').isalpha() and len(word) > 1
        if tag.startswith('NN') and is_word:
            nouns.append((word, tag))
            continue
        if nouns:
            phrase = ' '.join(noun for noun, _ in nouns)
            yield singular(phrase) if nouns[-1][1] in ('NNS', 'NNPS') else phrase, 'noun'
            nouns = []
        if tag == 'VBG' and is_word:
            after = tags[at + 1][0] if at + 1 < len(tags) else ''
            ends = at + 2 >= len(tags) or not tags[at + 2][1][:2].isalpha()
            goes = after in _PARTICLES and (ends or after not in _PREPOSITIONS)
            yield (f'{word} {after}' if goes else word), 'verb'


def singular(phrase: str) -> str:
    """Put the last word of a phrase, a noun in the plural, into the singular."""
    before, space, noun = phrase.rpartition(' ')
    return before + space + _singular(noun)


def _singular(noun: str) -> str:
    irregular = dict(
        men='man', women='woman', people='person', children='child', feet='foot', teeth='tooth',
        shoes='shoe', knives='knife', shelves='shelf', leaves='leaf', loaves='loaf', movies='movie',
        clothes='clothes', glasses='glasses', scissors='scissors', stairs='stairs', toes='toe',
        axes='axe', ponies='pony', cookies='cookie', calves='calf', halves='half', skis='ski',
        canoes='canoe', tongs='tongs',
    )  # fmt: skip
    if noun in irregular:
        return irregular[noun]
    if noun.endswith(('ss', 'us', 'is')):
        return noun
    endings = dict(ies='y', shes='sh', ches='ch', shoes='shoe', oes='o')
    for ending, instead in endings.items():
        if noun.endswith(ending) and len(noun) > 5:
            return noun[: -len(ending)] + instead
    if noun.endswith(('sses', 'xes', 'zzes')):
        return noun[:-2]
    return noun[:-1] if noun.endswith('s') else noun


@functools.cache
def _tagger(name: str) -> Callable[[str], list[tuple[str, str]]]:
    if name == 'textblob':
        try:
            # Its lexicon lies in the wheel; NLTK's corpora, which others of its parts need, do not.
            from textblob.en import tag
        except ImportError:
            raise MGDMError(
                "finding phrases needs the package textblob: pip install 'mgdm-mmaction[units]', "
                'or take a model of spaCy'
            ) from None
        return functools.partial(tag, tokenize=True)
    try:
        import spacy

        model = spacy.load(name)
    except (ImportError, OSError) as error:
        raise MGDMError(
            f"tagger {name!r}: expected 'textblob' or an installed model of spaCy ({error})"
        ) from None
    return lambda sentence: [(token.text, token.tag_) for token in model(sentence)]
