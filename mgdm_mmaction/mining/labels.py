"""A look at the labels that negatives are mined from, before anything is mined."""

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from mmengine.config import Config

from ..config import ParsedConfig
from ..errors import MGDMError, check_output, explain_disk
from ..text.corpus import LabelCorpus
from ..text.near_duplicates import (
    KINDS,
    NearDuplicate,
    count_pairs,
    merge_extra_labels,
    near_duplicates,
)
from ..text.prompts import describe_prompt
from .scorers import FrozenClip

__all__ = ['LabelReport', 'inspect_labels', 'write_extra_labels']

_LEVELS = (0.98, 0.96, 0.94, 0.92, 0.9, 0.85, 0.8)


@dataclass(frozen=True)
class LabelReport:
    """What :func:`inspect_labels` found; prints as a page.

    Args:
        corpus (LabelCorpus): n labels.
        texts (np.ndarray): Their unit text embeddings, shape [n, D].
        tower (str): Architecture and fingerprint of the weights.
        threshold (float | None): From which cosine on labels count as near-duplicates.
        top (int): Pairs to print.
    """

    corpus: LabelCorpus
    texts: np.ndarray = field(repr=False)
    tower: str
    threshold: float | None = None
    top: int = 20

    def pairs(self) -> list[NearDuplicate]:
        """Return the pairs above the threshold; without one, the most similar ones."""
        if self.threshold is not None:
            return near_duplicates(self.texts, self.threshold)
        return near_duplicates(self.texts, top=self.top)

    def __str__(self) -> str:
        return '\n'.join([*self._sources(), *self._levels(), *self._similar(), *self._advice()])

    def _sources(self) -> list[str]:
        corpus = self.corpus
        lines = [f'{len(corpus)} labels, {describe_prompt(corpus.prompt)}, text tower {self.tower}']
        for source in corpus.sources:
            merged = source.num_names - source.num_new
            already = f', {merged} of them there already in this or another spelling'
            lines.append(
                f'  {source.name:<12} {source.num_names:>5} names' + (already if merged else '')
            )
        different = [
            f'{name!r} = {corpus.labels[i]!r}'
            for name, i in corpus.duplicates
            if name != corpus.labels[i] and name not in corpus.classes
        ]
        if different:
            more = ', ...' if len(different) > 5 else ''
            lines.append(f'Merged spellings: {", ".join(different[:5])}{more}')
        return lines

    def _levels(self) -> list[str]:
        lines = ['Pairs of labels by the cosine of their texts:']
        lines.append('  at least' + ''.join(f'{kind:>24}' for kind in KINDS))
        counts = count_pairs(self.corpus, self.texts, _LEVELS)
        for level, row in zip(_LEVELS, counts, strict=True):
            lines.append(f'  {level:<8}' + ''.join(f'{count:>24}' for count in row))
        return lines

    def _similar(self) -> list[str]:
        pairs = self.pairs()
        what = 'The most similar pairs:'
        if self.threshold is not None:
            what = f'{len(pairs)} pairs from {self.threshold:g} on' + (':' if pairs else '.')
            if len(pairs) > self.top:
                what = f'{what[:-1]}, the first {self.top} of them:'
        labels = self.corpus.labels
        return [what] + [
            f'  {_rounded_down(pair.cosine)}  {labels[pair.first]} | {labels[pair.second]}  '
            f'({pair.kind(self.corpus)})'
            for pair in pairs[: self.top]
        ]

    def _advice(self) -> list[str]:
        if self.threshold is None:
            return [
                'If some of these are one action, take the cosine of the last such pair as '
                '--threshold.'
            ]
        if not self.pairs():
            return ['Nothing to exclude or to merge.']
        stay, dropped = merge_extra_labels(self.corpus, self.texts, self.threshold)
        lines = [
            'Exclude: tools/mine_negatives.py CONFIG --duplicate-threshold '
            f'{self.threshold:g} makes none of them a negative of the other.'
        ]
        if dropped:
            lines.append(
                f'Merge: --write-extra FILE drops {len(dropped)} extra labels and keeps '
                f'{len(stay)}; name FILE in model.cls_head.extra_labels.'
            )
        if any(pair.kind(self.corpus) == 'two classes' for pair in self.pairs()):
            lines.append('Two classes of the data set are never merged: exclude those.')
        return lines


def _rounded_down(cosine: float) -> str:
    """Return four digits that as a threshold still hold the pair."""
    return f'{math.floor(cosine * 1e4) / 1e4:.4f}'


def inspect_labels(
    cfg: ParsedConfig | Config | str | Path, threshold: float | None = None, top: int = 20
) -> LabelReport:
    """Embed the corpus of a config with its frozen text tower.

    Args:
        cfg (ParsedConfig | Config | str | Path): Config, or its file: ``model.cls_head`` names the
            labels, ``model.backbone`` the weights.
        threshold (float, optional): Cosine from which on two labels are near-duplicates. Defaults
            to None: only show the most similar pairs.
        top (int, optional): Pairs to print. Defaults to 20.

    Returns:
        LabelReport: The report.

    Raises:
        MGDMError: If the config names no labels or weights, or the threshold is out of range.
    """
    if threshold is not None and not 0 < threshold <= 1:
        raise MGDMError(
            f'threshold={threshold:g}; expected a cosine above 0 and up to 1, such as 0.95.'
        )
    if top < 1:
        raise MGDMError(f'top={top}; print at least 1 pair.')
    cfg = ParsedConfig.of(cfg)
    corpus = cfg.corpus
    clip = FrozenClip(cfg.config.model.get('backbone', {}))
    return LabelReport(
        corpus, clip.prepare(corpus), f'{clip.arch} (weights {clip.digest})', threshold, top
    )


def write_extra_labels(
    report: LabelReport, path: str | Path, overwrite: bool = False
) -> list[NearDuplicate]:
    """Write the extra labels that stay when near-duplicates are merged, one a line.

    The file is for ``model.cls_head.extra_labels``: the model and all its negatives then share the
    smaller corpus, which a merge inside the miner could not promise.

    Args:
        report (LabelReport): With a threshold.
        path (str | Path): The text file to write.
        overwrite (bool, optional): Replace a file that exists. Defaults to False.

    Returns:
        list[NearDuplicate]: What was dropped, see :func:`merge_extra_labels`.

    Raises:
        MGDMError: If there is no threshold, no extra label, none that stays, or the file exists.
    """
    path = Path(path)
    if report.threshold is None:
        raise MGDMError(
            '--write-extra needs --threshold: the cosine from which on labels are merged.'
        )
    if len(report.corpus) == len(report.corpus.classes):
        raise MGDMError(
            'the config has no extra labels (model.cls_head.extra_labels), and classes of the data '
            'set are never merged: there is nothing to write.'
        )
    stay, dropped = merge_extra_labels(report.corpus, report.texts, report.threshold)
    if not stay:
        raise MGDMError(
            f'no extra label would stay at --threshold {report.threshold:g}; raise it, or leave '
            'extra_labels out of the config.'
        )
    check_output(path, overwrite, '--write-extra')
    # Where every label begins with a number, those would be read as ids: then write ids, too.
    ids = all(label[0].isdigit() for label in stay)
    lines = [f'{i} {label}' if ids else label for i, label in enumerate(stay)]
    with explain_disk(path):
        path.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    return dropped
