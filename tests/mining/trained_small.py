"""A whole MGDM for the small data set, and a run of it."""

from mmengine.config import Config
from mmengine.runner import Runner

from tests.mining.small import CLASSES, EXTRA, write_config


def whole_config(root, **changes):
    """The small config with a complete model and a training."""
    cfg = Config.fromfile(write_config(root))
    clip = dict(arch='mgdm-tiny', pretrained=str(root / 'clip.pt'))
    cfg.merge_from_dict(
        dict(
            model=dict(
                type='MGDM',
                backbone=dict(type='CLIPBackbone', **clip),
                neck=dict(
                    type='TextGuidedTemporalHead',
                    embed_dims=128,
                    num_frames=4,
                    num_layers=1,
                    num_heads=2,
                ),
                cls_head=dict(
                    type='HardNegativeTextHead', classes=CLASSES, extra_labels=EXTRA, **clip
                ),
            ),
            work_dir=str(root / 'work'),
            train_dataloader=dict(
                batch_size=4, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False)
            ),
            train_cfg=dict(by_epoch=True, max_epochs=3),
            optim_wrapper=dict(optimizer=dict(type='AdamW', lr=1e-3)),
            default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1)),
            randomness=dict(seed=0),
            log_level='WARNING',
        )
    )
    cfg.train_dataloader.dataset.pipeline = [
        dict(type='DecordInit'),
        dict(type='UniformSample', clip_len=4),
        dict(type='DecordDecode'),
        dict(type='Resize', scale=(64, 64), keep_ratio=False),
        dict(type='AttachHardNegatives', negatives_file=str(root / 'negatives.jsonl'), k=2),
        dict(type='FormatShape', input_format='NCHW'),
        dict(type='PackActionInputs', algorithm_keys=('text_ids',)),
    ]
    # Only a training is run: the validation loader is where the miner finds its pipeline.
    cfg.merge_from_dict(changes)
    return cfg


def run_of(cfg):
    """Build the runner; it only trains, so the miner alone reads the validation loader."""
    training = cfg.copy()
    runner = Runner.from_cfg({k: v for k, v in training.items() if k != 'val_dataloader'})
    runner.cfg = cfg
    return runner
