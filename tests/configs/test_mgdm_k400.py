"""The Kinetics-400 config: what it builds, and one training step of it at full size."""

import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.runner import Runner

from mgdm_mmaction.text.corpus import read_labels
from tests.configs.walk import CONFIGS, attach


def read_config(name='mgdm_k400.py'):
    """The config without its downloads, and with few labels: the text tower is the slow part."""
    cfg = Config.fromfile(str(CONFIGS / name))
    cfg.model.backbone.pretrained = cfg.model.cls_head.pretrained = None
    cfg.model.cls_head.classes = read_labels('k400')[:12]
    return cfg


def test_settings_are_the_papers():
    cfg = Config.fromfile(str(CONFIGS / 'mgdm_k400.py'))
    assert cfg.model.backbone.arch == cfg.model.cls_head.arch == 'ViT-L-14'
    assert cfg.model.backbone.pretrained == cfg.model.cls_head.pretrained == 'openai'
    assert cfg.model.neck.num_frames == 16
    assert cfg.train_dataloader.batch_size == 32
    assert cfg.optim_wrapper.optimizer.type == 'AdamW'
    assert cfg.optim_wrapper.optimizer.lr == 5e-5
    assert cfg.train_cfg.max_epochs == 20
    assert cfg.auto_scale_lr.base_batch_size == 8 * 32
    assert (attach(cfg).k, attach(cfg).start) == (7, 1)


def test_toy_config_has_the_same_structure():
    """The sibling differs in sizes and paths, not in parts."""
    big, toy = (Config.fromfile(str(CONFIGS / n)) for n in ('mgdm_k400.py', 'toy/mgdm_toy.py'))
    for part in ('backbone', 'neck', 'cls_head', 'loss', 'data_preprocessor'):
        assert big.model[part].type == toy.model[part].type
        assert big.model[part].keys() == toy.model[part].keys()
    for split in ('train', 'val'):
        names = [
            [t.type for t in cfg[f'{split}_dataloader'].dataset.pipeline if t.type != 'Flip']
            for cfg in (big, toy)
        ]
        assert names[0] == names[1]
    assert big.optim_wrapper.constructor == toy.optim_wrapper.constructor
    assert big.custom_hooks == toy.custom_hooks


@pytest.mark.slow
def test_one_training_step_at_full_size():
    cfg = read_config()
    # Less memory, the same step: this is what a small GPU would set, too.
    cfg.model.backbone.with_cp = True
    # The widths and depths are what is tested: a few frames go through all of them.
    cfg.model.neck.num_frames = 2
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        model = MODELS.build(cfg.model)
        model.init_weights()
        optim_wrapper = Runner.build_optim_wrapper(_RunnerOf(model), cfg.optim_wrapper)
        sample = ActionDataSample().set_gt_label(3)
        sample.set_field(torch.tensor([3, 1, 2, 0, 4, 5, 6, 7]), 'text_ids')
        frames = torch.randint(0, 256, (2, 3, 224, 224), dtype=torch.uint8)
        before = {name: p.detach().clone() for name, p in _few_parameters(model)}
        log = model.train_step(dict(inputs=[frames], data_samples=[sample]), optim_wrapper)
        assert log['loss'].isfinite()
        for name, parameter in _few_parameters(model):
            assert not torch.equal(parameter, before[name]), name
    finally:
        torch.set_num_threads(threads)


class _RunnerOf:
    """What Runner.build_optim_wrapper asks of a runner."""

    def __init__(self, model):
        self.model = model


def _few_parameters(model):
    """One parameter of every part; the whole model would double the memory."""
    named = dict(model.named_parameters())
    for key in (
        'backbone.visual.conv1.weight',
        'neck.positions',
        'neck.transformer.blocks.resblocks.5.mlp.c_fc.weight',
        'cls_head.discriminator.blocks.resblocks.1.mlp.c_fc.weight',
        'cls_head.logit_scale',
    ):
        yield key, named[key]
