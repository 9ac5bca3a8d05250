"""The paper's complexity table, the full counts and the messages of tools/get_flops.py."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from mgdm_mmaction.commands.get_flops import main
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.evaluation.complexity import count_complexity
from tests.models.tiny import NUM_FRAMES, tiny_batch, tiny_config

ROOT = Path(__file__).parents[2]
K400 = str(ROOT / 'configs' / 'mgdm_k400.py')


def test_k400_config_prints_the_papers_table(capsys):
    main([K400])
    lines = [' '.join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert 'CLIP 834.7 G 258.7 M' in lines
    assert 'MGDM, k = 0 835.1 G 296.5 M' in lines
    assert 'MGDM, k = 7 835.2 G 296.5 M' in lines


@pytest.mark.slow
def test_table_by_hand():
    """Twice 4 D^2 for each block and token, the patches, and the biases as parameters only."""
    patches = 14 * 14 * 3 * 1024
    image, text = 24 * 8 * 1024**2, 12 * 8 * 768**2
    block, biases = 8 * 768**2, 5 * 768
    clip_macs = 16 * (256 * patches + 257 * image) + 77 * text
    clip_params = patches + image + 24 * 5 * 1024 + text + 12 * biases
    table = count_complexity(Config.fromfile(K400)).table
    assert [row.params for row in table] == [
        clip_params,
        clip_params + 8 * (block + biases),
        clip_params + 8 * (block + biases),
    ]
    assert [row.macs for row in table] == [
        clip_macs,
        clip_macs + 16 * 6 * block + 1 * 2 * block,
        clip_macs + 16 * 6 * block + 8 * 2 * block,
    ]


def test_full_count_equals_that_of_real_values():
    """The counts on the meta device, against PyTorch's counter round MGDM's own methods."""
    config = tiny_config(cls_head=dict(context='neighbors', num_neighbors=2))
    counted = count_complexity(Config(dict(model=config)), num_negatives=2)
    model = MODELS.build(config)
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


def test_frozen_parts_need_less_backward():
    free = count_complexity(Config(dict(model=tiny_config())))
    frozen = count_complexity(Config(dict(model=tiny_config(backbone=dict(frozen_stages='all')))))
    assert frozen.train_forward == free.train_forward
    assert frozen.train_step < free.train_step
    assert frozen.trained < free.trained == free.params == frozen.params


@pytest.mark.parametrize('wrapper', ['RepeatDataset', None])
def test_k_is_found_in_the_training_pipeline(wrapper):
    dataset = dict(type='VideoDataset', pipeline=[dict(type='AttachHardNegatives', k=3)])
    if wrapper:
        dataset = dict(type=wrapper, dataset=dataset)
    cfg = Config(dict(model=tiny_config(), train_dataloader=dict(dataset=dataset)))
    assert [row.name for row in count_complexity(cfg).table] == [
        'CLIP',
        'MGDM, k = 0',
        'MGDM, k = 3',
    ]
    assert len(count_complexity(cfg, num_negatives=0).table) == 2


def test_counting_leaves_the_config_as_it_is():
    cfg = Config(dict(model=tiny_config()))
    before = cfg.pretty_text
    count_complexity(cfg)
    assert cfg.pretty_text == before
    assert torch.get_default_device().type == 'cpu'


def test_errors_name_what_is_wrong(tmp_path):
    with pytest.raises(MGDMError, match='config .*gone.py does not exist'):
        main([str(tmp_path / 'gone.py')])
    (tmp_path / 'broken.py').write_text('model = dict(\n')
    with pytest.raises(MGDMError, match='broken.py cannot be read as a config: SyntaxError'):
        main([str(tmp_path / 'broken.py')])
    (tmp_path / 'other.py').write_text("model = dict(type='Recognizer3D')\n")
    with pytest.raises(MGDMError, match="'Recognizer3D' where `model.type` should be a recogniser"):
        main([str(tmp_path / 'other.py')])
    (tmp_path / 'empty.py').write_text('')
    with pytest.raises(MGDMError, match='no model'):
        main([str(tmp_path / 'empty.py')])
    with pytest.raises(MGDMError, match=r'takes images of shape \[N, 3, 224, 224\]'):
        main([K400, '--shape', '256'])
    with pytest.raises(MGDMError, match='--shape takes a side'):
        main([K400, '--shape', '16', '3', '224', '224'])
    with pytest.raises(MGDMError, match='--num-negatives should be 0 or more, got -1'):
        main([K400, '--num-negatives', '-1'])


@pytest.mark.slow
def test_tool_prints_a_mistake_as_one_line(tmp_path):
    tool = str(ROOT / 'tools' / 'get_flops.py')
    done = subprocess.run(
        [sys.executable, tool, 'gone.py'],
        cwd=tmp_path,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == 'error: gone.py: no such config file'
    assert 'Traceback' not in done.stderr
