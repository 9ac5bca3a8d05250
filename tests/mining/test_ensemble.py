"""Several prompts from mining to training and back: one corpus, the same embeddings everywhere."""

import decord
import numpy as np
import open_clip
import pytest
import torch

from mgdm_mmaction.clip import build_clip
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.mining import mine
from mgdm_mmaction.negatives import read_negatives
from tests.mining.small import MEAN, STD, T
from tests.mining.trained_small import run_of, whole_config

PROMPTS = ['a video of {}', 'people who do {}', '{}']
LABELS = ['running', 'high jump', 'dive', 'swim', 'row', 'sail', 'walk']
OPTIONS = dict(num_workers=0, progress=False, batch_size=4)


@torch.no_grad()
def naive_texts(model):
    """Embed the labels, one sentence at a time."""
    tokenizer = open_clip.tokenizer.SimpleTokenizer(context_length=model.context_length)
    found = []
    for label in LABELS:
        vectors = [model.encode_text(tokenizer([prompt.format(label)]))[0] for prompt in PROMPTS]
        found.append(sum(vector / vector.norm() for vector in vectors))
    return found


@torch.no_grad()
def naive_scores(model, texts, root, path):
    """Cosines of a video with the labels, one frame at a time."""
    reader = decord.VideoReader(str(root / 'v' / path))
    stretch = (len(reader) - 1) / T
    video = 0
    for i in range(T):
        frame = reader[int(np.round(stretch * i)) + int(stretch / 2)].asnumpy()
        image = torch.from_numpy((frame - np.array(MEAN)) / np.array(STD)).float()
        vector = model.encode_image(image.permute(2, 0, 1)[None])[0]
        video = video + vector / vector.norm()
    return [float(video @ text / video.norm() / text.norm()) for text in texts]


@pytest.mark.slow
def test_mine_train_and_mine_again_with_three_prompts(root):
    cfg = whole_config(root, **{'train_cfg.max_epochs': 1})
    cfg.model.cls_head.prompt = PROMPTS
    mine(cfg, root / 'negatives.jsonl', num_negatives=6, **OPTIONS)
    file = read_negatives(root / 'negatives.jsonl')
    assert file.header.prompt == PROMPTS
    model = build_clip('mgdm-tiny', str(root / 'clip.pt')).eval()
    texts = naive_texts(model)
    for i in (0, 3, 6):
        scores = naive_scores(model, texts, root, file.path_of(i))
        expected = sorted((j for j in range(7) if j != file.labels[i]), key=lambda j: -scores[j])
        assert file.scores[i] == pytest.approx([scores[j] for j in expected], abs=2e-5)

    cfg.custom_hooks = [dict(type='CheckNegativesHook')]
    run_of(cfg).train()
    # The checkpoint knows its prompts: a model of the config mines with it, another one does not.
    checkpoint = str(root / 'work' / 'epoch_1.pth')
    mine(cfg, root / 'again.jsonl', num_negatives=6, checkpoint=checkpoint, **OPTIONS)
    assert read_negatives(root / 'again.jsonl').header.prompt == PROMPTS
    cfg.model.cls_head.prompt = PROMPTS[:2]
    with pytest.raises(MGDMError, match='another corpus than the config.*its prompt is'):
        mine(cfg, root / 'other.jsonl', checkpoint=checkpoint, **OPTIONS)
    with pytest.raises(MGDMError, match='mined for another corpus: its prompt is'):
        run_of(cfg).train()
