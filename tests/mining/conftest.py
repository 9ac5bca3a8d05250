"""Eight real videos and a random tiny CLIP."""

import shutil

import pytest
import torch

from mgdm_mmaction.clip import build_clip
from tests.datasets.videos import write_video


@pytest.fixture(scope='module')
def weights():
    torch.manual_seed(0)
    return build_clip('mgdm-tiny').state_dict()


@pytest.fixture(scope='module')
def template(tmp_path_factory, weights):
    """Eight videos of four classes in two folders, one of them shorter than a clip."""
    folder = tmp_path_factory.mktemp('template')
    torch.save(weights, folder / 'clip.pt')
    lines = []
    for i in range(8):
        name = f'{"ab"[i % 2]}/{i // 2}.mp4'
        write_video(folder / 'v' / name, i, count=3 if i == 5 else 12, size=64)
        lines.append(f'{name} {i % 4}\n')
    (folder / 'train.txt').write_text(''.join(lines))
    return folder


@pytest.fixture
def root(tmp_path, template):
    """A copy of the template, to change."""
    return shutil.copytree(template, tmp_path, dirs_exist_ok=True)
