"""A config with labels, weights and a list, whose videos are not there."""

import pytest
import torch

from mgdm_mmaction.clip import build_clip
from tests.mining.small import write_config


@pytest.fixture
def listed(tmp_path):
    """Folder of ``config.py``, of eight listed videos and a random tiny CLIP."""
    torch.manual_seed(0)
    torch.save(build_clip('mgdm-tiny').state_dict(), tmp_path / 'clip.pt')
    (tmp_path / 'train.txt').write_text(''.join(f'a/{i}.mp4 {i % 4}\n' for i in range(8)))
    write_config(tmp_path)
    return tmp_path
