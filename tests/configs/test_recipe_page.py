"""Every control of docs/recipe.md is a config that trains, and does what the page says."""

import re
import uuid

import pytest
from mmengine.config import Config
from mmengine.hooks import EMAHook

from mgdm_mmaction.apis.train import run_training
from mgdm_mmaction.engine import CheckGradientsHook, ModelSummaryHook
from tests.configs.shrink import StandIns, shrink
from tests.configs.walk import CONFIGS, find, read_config

PAGE = CONFIGS.parent / 'docs' / 'recipe.md'
BLOCKS = dict(re.findall(r'```python\n# (.+)\n((?:.*\n)+?)```', PAGE.read_text()))


def rates(runner):
    groups = runner.optim_wrapper.param_groups
    return sorted({group['initial_lr'] for group in groups}, reverse=True)


def frozen_share(runner):
    tensors = list(runner.model.backbone.parameters())
    return sum(not param.requires_grad for param in tensors) / len(tensors)


def hook(runner, kind):
    return next((hook for hook in runner.hooks if isinstance(hook, kind)), None)


CHECKS = {
    'a parameter that may stay without a gradient': lambda runner: (
        hook(runner, CheckGradientsHook).allow_unused == ('cls_head.logit_scale',)
        and hook(runner, ModelSummaryHook)
    ),
    'CLIP ratio': lambda runner: rates(runner) == pytest.approx([5e-5, 5e-7]),
    # mgdm-tiny has 3 blocks: not decayed, i = 2, 1, 0 and the stem, all of a tenth.
    'layer-wise decay': lambda runner: (
        rates(runner) == pytest.approx([5e-5, *(5e-6 * 0.75**power for power in range(5))])
    ),
    'automatic rate': lambda runner: rates(runner)[0] == pytest.approx(5e-5 * 2 / 256),
    'whole tower': lambda runner: frozen_share(runner) == 1,
    'first blocks': lambda runner: 0.5 < frozen_share(runner) < 1,
    'all but LayerNorm': lambda runner: 0 < frozen_share(runner) < 1,
    'projection': lambda runner: not runner.model.backbone.visual.proj.requires_grad,
    'text tower': lambda runner: (
        [
            group['initial_lr']
            for group in runner.optim_wrapper.param_groups
            if any(p is runner.model.text_bank.tower.positional_embedding for p in group['params'])
        ]
        == pytest.approx([5e-6])
    ),
    'learned prompt': lambda runner: (
        rates(runner) == pytest.approx([5e-4, 5e-5, 5e-6])
        and not runner.model.text_bank.tower.text_projection.requires_grad
    ),
    'augmentation': lambda runner: (
        [type(step).__name__ for step in runner.train_dataloader.dataset.pipeline.transforms][-5:-2]
        == ['TorchVisionWrapper'] * 3
        and runner.model.data_preprocessor.blending
    ),
    'larger frames': lambda runner: (
        # 64 of 336 pixels, as 384 become 73.
        [step.scale for step in find(runner.cfg.train_dataloader.dataset.pipeline, 'Resize')]
        == [(-1, 73), (64, 64)]
    ),
    'several labels': lambda runner: (
        runner.train_dataloader.dataset[0]['data_samples'].gt_label.sum() == 2
        and runner.model.cls_head.threshold is not None
    ),
    'EMA': lambda runner: hook(runner, EMAHook),
    'gradient checkpointing': lambda runner: (
        runner.model.backbone.visual.transformer.grad_checkpointing
    ),
    'patch dropout': lambda runner: runner.model.backbone.visual.patch_dropout.prob == 0.5,
    'accumulation': lambda runner: (
        runner.optim_wrapper._accumulative_counts == 4
        and rates(runner)[0] == pytest.approx(5e-5 * 2 * 4 / 256)
    ),
    'bf16': lambda runner: type(runner.optim_wrapper).__name__ == 'CPUAmpOptimWrapper',
    'fp16': lambda runner: type(runner.optim_wrapper).__name__ == 'CPUAmpOptimWrapper',
}


def test_every_block_is_checked():
    assert BLOCKS.keys() == CHECKS.keys()


def test_hooks_of_the_page_are_those_of_the_configs():
    hooks = read_config('mgdm_k400.py').custom_hooks
    listed = re.findall(r"type='(\w+)'", BLOCKS['a parameter that may stay without a gradient'])
    assert listed == [hook.type for hook in hooks]


@pytest.fixture(scope='module')
def stand_ins(tmp_path_factory):
    return StandIns(tmp_path_factory.mktemp('stand ins'))


@pytest.mark.slow
@pytest.mark.parametrize('name', BLOCKS)
def test_block(name, stand_ins, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv('MGDM_DATA', str(stand_ins.root))
    child = tmp_path / 'child.py'
    child.write_text(f"_base_ = '{CONFIGS / 'mgdm_k400.py'}'\n{BLOCKS[name]}")
    cfg = shrink(Config.fromfile(str(child)), stand_ins, tmp_path / 'run')
    cfg.model.cls_head.classes = 'hmdb51'  # fewer texts to encode
    stand_ins.supply(cfg)
    cfg.experiment_name = uuid.uuid4().hex
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if cfg.model.backbone.get('frozen_stages') == 12:
        cfg.model.backbone.frozen_stages = 2  # of 3, as 12 of 24 are not there
    if blending := cfg.model.data_preprocessor.get('blending'):
        for augment in blending.augments:
            augment.num_classes = 51
    runner = run_training(cfg)
    assert runner.iter == 2
    assert CHECKS[name](runner)
    told = 'becomes bfloat16 autocast on the CPU' in capfd.readouterr().err
    assert told == (name in ('bf16', 'fp16'))
