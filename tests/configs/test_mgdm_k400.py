"""The Kinetics-400 config has the paper's settings, and the toy one its structure."""

from mmengine.config import Config

from tests.configs.walk import CONFIGS, attach


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
