"""Mining with the model in training: its own scores, and files that a training takes over."""

import copy

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.hooks import Hook

from mgdm_mmaction.config import ParsedConfig
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.mining import TrainedModel, mine
from mgdm_mmaction.mining.videos import MiningVideos
from mgdm_mmaction.negatives import read_negatives
from mgdm_mmaction.text.corpus import LabelCorpus
from tests.mining.trained_small import run_of, whole_config
from tests.models.test_kgclip import kg_model
from tests.models.tiny import CLASSES as TINY
from tests.models.tiny import tiny_batch

OPTIONS = dict(num_workers=0, progress=False, batch_size=3)


@pytest.fixture
def cfg(root):
    cfg = whole_config(root)
    mine(cfg, root / 'negatives.jsonl', num_negatives=2, **OPTIONS)
    return cfg


def save_checkpoint(cfg, path, seed=1):
    """A model whose weights are all a bit beside CLIP's."""
    torch.manual_seed(seed)
    model = MODELS.build(cfg.model)
    model.init_weights()
    for parameter in model.parameters():
        parameter.data += 0.02 * torch.randn_like(parameter)
    torch.save(dict(state_dict=model.state_dict(), meta={}), path)
    return model.eval()


@torch.no_grad()
def test_the_scores_are_those_of_the_model(root, cfg):
    model = save_checkpoint(cfg, root / 'model.pth')
    out = root / 'again.jsonl'
    mine(cfg, out, num_negatives=6, checkpoint=root / 'model.pth', **OPTIONS)
    file = read_negatives(out)
    frozen = read_negatives(root / 'negatives.jsonl')
    assert file.header.settings['scorer'] == 'trained model'
    assert file.header.weights_digest != frozen.header.weights_digest
    # Independently: the logits of the recogniser when each label is a class of its own.
    model.set_classes(model.text_bank.labels)
    model.cls_head.context = 'single'
    preprocess = MODELS.build(cfg.model.data_preprocessor)
    videos = MiningVideos(ParsedConfig(cfg), 'train')
    for i in range(len(videos)):
        _, frames, _ = videos[i]
        inputs = preprocess(dict(inputs=[frames], data_samples=None))['inputs']
        logits = model.extract_feat(inputs)[0][0, 0] / model.cls_head.scale()
        order = [j for j in np.argsort(-logits.numpy()) if j != file.labels[i]]
        expected = [logits[j].item() for j in order]
        assert file.scores[i] == pytest.approx(expected, abs=2e-5)


@torch.no_grad()
def test_labels_that_the_model_alone_has_are_no_negatives():
    """The movements of KG-CLIP lie behind the labels of the config."""
    model = kg_model().eval()
    scorer, (inputs, _) = TrainedModel(model), tiny_batch(2, 0)
    assert scorer.prepare(LabelCorpus(TINY, prompt='{}')).shape == (len(TINY), 128)
    expected = model(inputs)[:, 0] / model.cls_head.scale()
    np.testing.assert_allclose(scorer.scores(inputs), expected, atol=1e-5)
    with pytest.raises(MGDMError, match="label 5 is 'leg run', expected 'swim'"):
        scorer.prepare(LabelCorpus(TINY, ['swim'], '{}'))


def test_mistakes(root, cfg):
    with pytest.raises(MGDMError, match='checkpoint .*nowhere.pth does not exist'):
        mine(cfg, root / 'a.jsonl', checkpoint=root / 'nowhere.pth', **OPTIONS)
    save_checkpoint(cfg, root / 'model.pth')
    other = whole_config(root)
    other.model.neck.num_layers = 2
    with pytest.raises(MGDMError, match='another architecture than the config'):
        mine(other, root / 'a.jsonl', checkpoint=root / 'model.pth', **OPTIONS)
    with pytest.raises(MGDMError, match='interval=0'):
        run_of(hooked(cfg, interval=0))
    alone = hooked(cfg)
    alone.train_dataloader.dataset.pipeline[4].k = 0
    with pytest.raises(MGDMError, match='no AttachHardNegatives with k > 0'):
        run_of(alone).train()
    stuck = hooked(cfg)
    stuck.train_dataloader.update(num_workers=1, persistent_workers=True)
    with pytest.raises(MGDMError, match='persistent workers keep the negatives'):
        run_of(stuck).train()


def hooked(cfg, **options):
    cfg = copy.deepcopy(cfg)
    options = {**dict(interval=1, num_workers=0, batch_size=3), **options}
    cfg.custom_hooks = [dict(type='RefreshNegativesHook', **options)]
    return cfg


class SeenIds(Hook):
    """Keeps what the model is trained against."""

    def __init__(self):
        self.ids = {}

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        for sample in data_batch['data_samples']:
            self.ids.setdefault(runner.epoch, []).append(list(sample.text_ids))


def train(cfg):
    runner, seen = run_of(cfg), SeenIds()
    runner.register_hook(seen)
    runner.train()
    return runner, seen.ids


@pytest.mark.slow
def test_every_epoch_has_the_negatives_of_the_model_before_it(root, cfg):
    cfg = hooked(cfg)
    cfg.custom_hooks.append(dict(type='EpochSeedHook'))  # a resumed epoch draws the same frames
    runner, seen = train(cfg)
    work = root / 'work'
    assert sorted(path.name for path in work.glob('negatives*')) == [
        'negatives_epoch_1.jsonl',
        'negatives_epoch_2.jsonl',
    ]
    sources = [root / 'negatives.jsonl', *sorted(work.glob('negatives*'))]
    for epoch, source in enumerate(sources):
        file = read_negatives(source)
        expected = [[label, *ids] for label, ids in zip(file.labels, file.negatives, strict=True)]
        assert np.array_equal(seen[epoch], expected)
    # The log says how many of them stayed.
    kept = runner.message_hub.log_scalars['train/negatives_kept'].data[0]
    sets = [[set(ids) for ids in read_negatives(source).negatives] for source in sources]
    assert list(kept) == [
        np.mean([len(one & two) / 2 for one, two in zip(old, new, strict=True)])
        for old, new in zip(sets, sets[1:], strict=False)
    ]
    # They are what the command mines with the checkpoint of that epoch.
    for epoch in (1, 2):
        out = root / f'by_command_{epoch}.jsonl'
        checkpoint = work / f'epoch_{epoch}.pth'
        summary = mine(cfg, out, num_negatives=2, checkpoint=checkpoint, **OPTIONS)
        assert 'Trained model, over the' in str(summary)
        assert out.read_bytes() == (work / f'negatives_epoch_{epoch}.jsonl').read_bytes()
    # A run that was stopped after the second epoch goes on as this one did.
    (work / 'last_checkpoint').write_text(str(work / 'epoch_2.pth'))
    (work / 'epoch_3.pth').unlink()
    cfg.resume = True
    again, seen_again = train(cfg)
    assert list(seen_again) == [2]
    assert np.array_equal(seen_again[2], seen[2])
    for one, two in zip(again.model.parameters(), runner.model.parameters(), strict=True):
        assert torch.equal(one, two)
