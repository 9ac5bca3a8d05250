"""The estimate of memory against what autograd keeps, and for the paper's config."""

from pathlib import Path

import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks

from mgdm_mmaction.config import read_config
from mgdm_mmaction.evaluation.complexity import count_complexity
from mgdm_mmaction.evaluation.memory import tower_bytes
from mgdm_mmaction.models.backbones import CLIPBackbone

CONFIGS = Path(__file__).parents[2] / 'configs'


def kept_bytes(backbone, num_images):
    """Bytes of the distinct storages that the backward pass of some images needs."""
    kept = {}

    def keep(saved):
        kept[saved.untyped_storage().data_ptr()] = saved
        return saved

    pixels = torch.zeros(num_images, 3, *backbone.image_size)
    with torch.autocast('cpu', torch.bfloat16), saved_tensors_hooks(keep, lambda saved: saved):
        out = backbone(pixels)
    assert out.requires_grad
    return sum(saved.untyped_storage().nbytes() for saved in kept.values())


@pytest.mark.parametrize('options', [{}, dict(frozen_stages=1)])
def test_activations_of_a_tower(options):
    plain, recomputed = (
        CLIPBackbone('mgdm-tiny', quick_gelu=True, with_cp=with_cp, **options).train()
        for with_cp in (False, True)
    )
    # What grows with the images: weights are kept, too.
    measured = kept_bytes(plain, 96) - kept_bytes(plain, 32)
    inputs = kept_bytes(recomputed, 96) - kept_bytes(recomputed, 32)
    unit, blocks = 64 * 17 * 128, 3 - options.get('frozen_stages', 0)
    # The estimate also has what autograd does not keep: pixels, and gradients inside a block.
    others = 64 * 3 * 64 * 64 * 4 + 24 * unit
    found = tower_bytes(plain, 64)
    assert measured == pytest.approx(found[False] - others, rel=0.15)
    # Recomputed, blocks keep their inputs; the estimate has one whole block, too.
    block = (measured - inputs) / blocks + 2 * unit
    assert inputs + block == pytest.approx(found[True] - others, rel=0.15)


@pytest.mark.slow  # mgdm_k400.py: test_complexity.py
@pytest.mark.parametrize(
    'name',
    [
        'k400/mgdm_vit-l-14_8f_k400.py',
        'k400/mgdm_vit-b-16_16f_k400.py',
        'k400/mgdm_vit-b-16_8f_k400.py',
        'k400/mgdm_vit-b-32_16f_k400.py',
    ],
)
def test_full_size_configs_fit_the_papers_cards(name):
    memory = count_complexity(read_config(CONFIGS / name)).memory
    assert (memory.batch, memory.gpus) == (32, 8)
    assert memory.total < 30 * 2**30
    # Where blocks are computed again, they would not fit otherwise.
    without = memory.total - memory.tower[memory.with_cp] + memory.tower[False]
    assert memory.with_cp == (without > 32 * 2**30)
