"""The report on labels: counts by source, similar pairs, and a file of merged extra labels."""

import re
from pathlib import Path

import open_clip
import pytest
import torch
from mmengine.config import Config

from mgdm_mmaction.clip import build_clip
from mgdm_mmaction.commands.inspect_labels import main
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.mining.class_wide import mine_text_only
from mgdm_mmaction.negatives import read_negatives
from mgdm_mmaction.text.corpus import LabelCorpus, normalize_label, read_labels
from tests.mining.small import CLASSES

LABELS = ['running', 'high jump', 'dive', 'swim', 'row', 'sail', 'walk']


@pytest.fixture
def config(listed):
    return str(listed / 'config.py')


@torch.no_grad()
def naive_pairs(root, labels):
    model = build_clip('mgdm-tiny', str(root / 'clip.pt')).eval()
    tokenizer = open_clip.tokenizer.SimpleTokenizer(context_length=model.context_length)
    texts = [model.encode_text(tokenizer([f'This is a video about {x}']))[0] for x in labels]
    pairs = []
    for i, a in enumerate(texts):
        for j in range(i + 1, len(texts)):
            cosine = float(a @ texts[j] / a.norm() / texts[j].norm())
            pairs.append((cosine, labels[i], labels[j]))
    return sorted(pairs, reverse=True)


def shown_pairs(text):
    return re.findall(r'^  (\S+)  (.+) \| (.+)  \((.+)\)$', text, flags=re.M)


def test_the_report_shows_sources_and_similar_pairs(config, tmp_path, capsys):
    main([config, '--top', '6'])
    text = capsys.readouterr().out
    assert '7 labels' in text
    assert re.search(r'classes +4 names\n', text)
    assert re.search(r'list +5 names, 2 of them there already', text)
    assert "Merged spellings: 'HighJump' = 'high jump'" in text
    expected = naive_pairs(tmp_path, LABELS)
    shown = shown_pairs(text)
    assert [(a, b) for _, a, b, _ in shown] == [(a, b) for _, a, b in expected[:6]]
    for (cosine, a, b, kind), (value, _, _) in zip(shown, expected, strict=False):
        # Rounded down, so that a copied value as --threshold still holds the pair.
        assert 0 <= value - float(cosine) < 1.1e-4
        classes = (a in LABELS[:4]) + (b in LABELS[:4])
        assert kind == ['two extra labels', 'class and extra label', 'two classes'][classes]
    rows = re.findall(r'^  (0\.\d+) +(\d+) +(\d+) +(\d+)$', text, flags=re.M)
    assert [float(row[0]) for row in rows] == [0.98, 0.96, 0.94, 0.92, 0.9, 0.85, 0.8]
    for level, *counts in rows:
        wanted = sum(value >= float(level) for value, _, _ in expected)
        assert sum(map(int, counts)) == wanted


def test_packaged_maps_are_counted_by_source(config, capsys):
    main([config, '--top', '1', '--cfg-options', 'model.cls_head.extra_labels=k400+ucf101'])
    text = capsys.readouterr().out
    seen = {normalize_label(name) for name in CLASSES}
    for name in ('k400', 'ucf101'):
        keys = {normalize_label(label) for label in read_labels(name)}
        count = len(keys & seen)
        assert re.search(rf'{name} +{len(keys)} names, {count} of them there already', text)
        seen |= keys
    assert text.startswith(f'{len(seen)} labels')


def test_merged_labels_leave_the_model_and_the_negatives_alike(config, tmp_path, capsys):
    pairs = naive_pairs(tmp_path, LABELS)
    threshold = next(c for c, a, b in pairs if b in LABELS[4:]) - 1e-4
    out = tmp_path / 'sub' / 'extra.txt'
    main([config, '--threshold', str(threshold), '--write-extra', str(out)])
    text = capsys.readouterr().out
    stay = read_labels(out)
    dropped = re.findall(r"^dropped '(.+)': '(.+)' \(", text, flags=re.M)
    assert dropped
    assert sorted(stay + [label for label, _ in dropped]) == sorted(LABELS[4:])
    assert f'Exclude: tools/mine_negatives.py CONFIG --duplicate-threshold {threshold:g}' in text
    cfg = Config.fromfile(config)
    cfg.model.cls_head.extra_labels = str(out)
    mine_text_only(cfg, tmp_path / 'negatives.jsonl')
    file = read_negatives(tmp_path / 'negatives.jsonl')
    file.check_corpus(LabelCorpus(CLASSES, str(out)))
    assert file.corpus.labels == LABELS[:4] + stay
    for value, _, b in naive_pairs(tmp_path, file.corpus.labels):
        assert value < threshold or b in LABELS[:4]
    with pytest.raises(MGDMError, match='extra.txt: exists already; add --overwrite'):
        main([config, '--threshold', '0.9', '--write-extra', str(out)])


def test_nothing_above_the_threshold(config, capsys):
    main([config, '--threshold', '1'])
    assert capsys.readouterr().out.endswith('0 pairs from 1 on.\nNothing to exclude or to merge.\n')


def test_a_place_for_extra_labels_that_cannot_be_written(config, tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(MGDMError, match='its folder cannot be made.*choose another place'):
        main([config, '--threshold', '1', '--write-extra', str(tmp_path / 'file' / 'extra.txt')])


def test_labels_that_all_begin_with_a_number_are_read_back(config, tmp_path):
    out = tmp_path / 'extra.txt'
    options = ["model.cls_head.extra_labels=['3 point shot','100 m hurdles']"]
    arguments = [config, '--threshold', '1', '--write-extra', str(out), '--cfg-options', *options]
    main(arguments)
    assert read_labels(out) == ['3 point shot', '100 m hurdles']


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--threshold', '1.5'], 'threshold=1.5; expected a cosine above 0'),
        (['--top', '0'], 'top=0'),
        (['--write-extra', 'x.txt'], '--write-extra needs --threshold'),
        (['--threshold', '0.01', '--write-extra', 'x.txt'], 'no extra label would stay'),
        (
            ['--threshold', '0.9', '--write-extra', 'x.txt']
            + ['--cfg-options', 'model.cls_head.extra_labels=[]'],
            'has no extra labels',
        ),
        (['--cfg-options', 'model.cls_head.extra_labels=k4'], "'k4' is neither a file nor one of"),
    ],
)
def test_mistakes(config, options, message):
    with pytest.raises(MGDMError, match=message):
        main([config, *options])
    assert not Path('x.txt').exists()


def test_no_config():
    with pytest.raises(MGDMError, match='config nowhere.py does not exist'):
        main(['nowhere.py'])
