"""Negatives by text alone: the order of the cosines, the same for a class, nothing decoded."""

import shutil
import sys

import open_clip
import pytest
import torch

from mgdm_mmaction.clip import build_clip, weights_digest
from mgdm_mmaction.commands.mine_negatives import main
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.negatives import read_negatives
from tests.mining.small import write_config

LABELS = ['running', 'high jump', 'dive', 'swim', 'row', 'sail', 'walk']


@torch.no_grad()
def naive_cosines(root):
    """Cosines of the labels' prompts, one text at a time through open_clip."""
    model = build_clip('mgdm-tiny', str(root / 'clip.pt')).eval()
    tokenizer = open_clip.tokenizer.SimpleTokenizer(context_length=model.context_length)
    vectors = [model.encode_text(tokenizer([f'This is a video about {x}']))[0] for x in LABELS]
    return [[float(a @ b / a.norm() / b.norm()) for b in vectors] for a in vectors]


def test_the_nearest_labels_without_a_video_or_a_decoder(root, capsys, monkeypatch):
    config, out = write_config(root), root / 'out.jsonl'
    shutil.rmtree(root / 'v')
    monkeypatch.setitem(sys.modules, 'decord', None)  # importing it is an error from here on
    main([config, '--out', str(out), '--text-only'])
    text = capsys.readouterr().out
    assert 'no mistakes found' in text
    assert 'Next: python tools/train.py' in text
    file = read_negatives(out)
    assert (len(file), file.k) == (8, 6)
    head = file.header
    assert head.settings == {'split': 'train', 'scorer': 'text only', 'duplicate_threshold': None}
    assert head.num_frames == 0
    assert head.weights_digest == weights_digest(build_clip('mgdm-tiny', str(root / 'clip.pt')))
    cosines = naive_cosines(root)
    for i in range(8):
        own = cosines[int(file.labels[i])]
        expected = sorted((j for j in range(7) if j != file.labels[i]), key=lambda j: -own[j])
        assert file.negatives[i].tolist() == expected
        assert file.scores[i] == pytest.approx([own[j] for j in expected], abs=2e-6)
    # With a threshold between the second and the third, the first two are no negatives of class 0.
    best = sorted(cosines[0][1:], reverse=True)
    threshold = (best[1] + best[2]) / 2
    options = ['--duplicate-threshold', str(threshold), '--num-negatives', '1', '--overwrite']
    main([config, '--out', str(out), '--text-only', *options])
    file = read_negatives(out)
    assert file.negatives[0].tolist() == [cosines[0].index(best[2])]
    assert file.header.settings['duplicate_threshold'] == threshold


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--checkpoint', 'x.pth'], '--checkpoint and --text-only are different ways to mine'),
        (['--confusions', 'x.pkl'], '--confusions and --text-only are different ways'),
        (['--num-negatives', '7'], "7 negatives a video.*'Running' has only 6 of 7 labels"),
        (['--num-negatives', '0'], 'from 1 to 6 can be had'),
        (['--cfg-options', 'model.backbone.pretrained='], 'pretrained is not set'),
    ],
)
def test_mistakes(root, options, message):
    with pytest.raises(MGDMError, match=message):
        main([write_config(root), '--out', str(root / 'out.jsonl'), '--text-only', *options])
