"""The counts of modules, the paper's complexity table, the full counts, tools/get_flops.py."""

from pathlib import Path

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from mgdm_mmaction.clip import build_text
from mgdm_mmaction.commands.get_flops import main
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.evaluation.complexity import ModuleCounter, count_complexity
from tests.models.tiny import NUM_FRAMES, tiny_batch, tiny_config

K400 = str(Path(__file__).parents[2] / 'configs' / 'mgdm_k400.py')
NEIGHBORS = dict(context='neighbors', num_neighbors=2)


class TestModuleCounter:
    def test_linear_and_conv_by_hand(self):
        conv = nn.Conv2d(6, 4, kernel_size=(3, 2), groups=2, bias=False)
        linear = nn.Linear(5, 7)
        with ModuleCounter() as counter:
            conv(torch.zeros(2, 6, 5, 5))  # -> [2, 4, 3, 4], each from 3 x 3 x 2 inputs
            for _ in range(2):  # works twice, and has its parameters once
                linear(torch.zeros(2, 3, 5))
        assert counter.macs == 2 * 4 * 3 * 4 * 18 + 2 * 2 * 3 * 7 * 5
        assert counter.params == 4 * 18 + 5 * 7 + 7

    def test_attention_norms_and_embeddings_do_not_count(self):
        x = torch.randn(3, 1, 8)
        with ModuleCounter() as counter:
            nn.MultiheadAttention(8, 2)(nn.LayerNorm(8)(x), x, x)
            nn.Embedding(4, 8)(torch.zeros(1, dtype=torch.long))
        assert (counter.macs, counter.params) == (0, 0)

    def test_counting_ends_with_the_block_and_another_continues_on_its_own(self):
        linear = nn.Linear(2, 2)
        with ModuleCounter() as counter:
            linear(torch.zeros(1, 2))
        linear(torch.zeros(1, 2))
        with ModuleCounter(counter) as twin:
            nn.Linear(3, 1)(torch.zeros(1, 3))
        assert (counter.macs, counter.params) == (4, 6)
        assert (twin.macs, twin.params) == (7, 10)


@pytest.fixture(scope='module')
def counted():
    """The counts of the tiny model, and its config, whose k stands in a nested pipeline."""
    pipeline = [dict(type='AttachHardNegatives', k=2)]
    dataset = dict(type='RepeatDataset', dataset=dict(type='VideoDataset', pipeline=pipeline))
    model = tiny_config(cls_head=NEIGHBORS)
    cfg = Config(dict(model=model, train_dataloader=dict(dataset=dataset)))
    before = cfg.pretty_text
    found = count_complexity(cfg)
    assert cfg.pretty_text == before
    assert torch.get_default_device().type == 'cpu'
    return found


@pytest.mark.slow
def test_k400_config_prints_the_papers_table(capsys):
    main([K400])
    lines = [' '.join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert 'CLIP 834.7 G 258.7 M' in lines
    assert 'MGDM, k = 0 835.1 G 296.5 M' in lines
    assert 'MGDM, k = 7 835.2 G 296.5 M' in lines
    # On eight cards of 32 GB, as the paper's.
    in_all = [line.split() for line in lines if line.startswith('in all, as the config is')]
    assert 20 < float(in_all[0][-2]) < 28


def test_table_by_hand(counted):
    """8 D^2 for each block and token, the patches, and the biases as parameters only."""
    patches, block, biases = 16 * 16 * 3 * 128, 8 * 128**2, 5 * 128
    image, text = 3 * block, 2 * block
    clip_macs = NUM_FRAMES * (16 * patches + 17 * image) + 16 * text
    clip_params = patches + image + text + 5 * biases
    heads = 4 * (block + biases)
    assert [tuple(row) for row in counted.table] == [
        ('CLIP', clip_macs, clip_params),
        ('MGDM, k = 0', clip_macs + NUM_FRAMES * 2 * block + 2 * block, clip_params + heads),
        ('MGDM, k = 2', clip_macs + NUM_FRAMES * 2 * block + 3 * 2 * block, clip_params + heads),
    ]


def test_full_count_equals_that_of_real_values(counted):
    """The counts on the meta device, against PyTorch's counter round MGDM's own methods."""
    model = MODELS.build(tiny_config(cls_head=NEIGHBORS))
    model.init_weights()
    inputs, samples = tiny_batch(1, num_negatives=2)
    # A fused attention computes its scores a second time in the backward pass.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        loss = model.loss(inputs, samples)['loss_contrastive']
        forward = counter.get_total_flops()
        loss.backward()
    assert counted.train_forward == forward
    assert counted.train_step == counter.get_total_flops()
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        model.eval()(inputs, mode='tensor')
    assert counted.test == counter.get_total_flops()
    assert counted.params == sum(p.numel() for p in model.parameters())
    assert counted.text_bank == tuple(model.text_bank.embeddings.shape)
    assert (counted.num_frames, counted.image_size) == (NUM_FRAMES, (64, 64))


def test_a_text_tower_in_training_counts(counted):
    model = tiny_config(cls_head=dict(NEIGHBORS, train_text=True, prompt_tokens=2))
    found = count_complexity(Config(dict(model=model)), num_negatives=2)
    tower = build_text('mgdm-tiny')
    width = tower.token_embedding.embedding_dim
    assert found.params == counted.params + sum(p.numel() for p in tower.parameters()) + 2 * width
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        tower(torch.zeros(1, tower.context_length, dtype=torch.long))
    one = counter.get_total_flops()
    assert found.train_forward - counted.train_forward == (1 + 2) * one
    assert found.test - counted.test == 5 * one


def test_frozen_parts_need_less_backward(counted):
    config = tiny_config(cls_head=NEIGHBORS, backbone=dict(frozen_stages='all'))
    frozen = count_complexity(Config(dict(model=config)), num_negatives=2)
    assert frozen.train_forward == counted.train_forward
    assert frozen.train_step < counted.train_step
    assert frozen.trained < counted.trained == counted.params == frozen.params


@pytest.mark.parametrize(
    ('text', 'args', 'message'),
    [
        (None, [], 'config a.py does not exist'),
        ('model = dict(\n', [], 'a.py cannot be read as a config: SyntaxError'),
        ("model = dict(type='Recognizer3D')\n", [], "'Recognizer3D', no CLIPRecognizer"),
        ('', [], 'model.type is None'),
        (f'_base_ = {K400!r}', ['--shape', '256'], r'takes images of shape \[N, 3, 224, 224\]'),
        ('', ['--shape', '16', '3', '224', '224'], '--shape takes a side'),
        ('', ['-k', '-1'], '--num-negatives should be 0 or more, got -1'),
    ],
)
def test_mistakes(tmp_path, monkeypatch, text, args, message):
    monkeypatch.chdir(tmp_path)
    if text is not None:
        Path('a.py').write_text(text)
    with pytest.raises(MGDMError, match=message):
        main(['a.py', *args])
