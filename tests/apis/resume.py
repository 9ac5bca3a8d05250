"""A run that was stopped after its first epoch and resumed, against the one that was not."""

import shutil

import torch


def weights(work_dir, epoch=2):
    """Tensors of a checkpoint."""
    state = torch.load(work_dir / f'epoch_{epoch}.pth')['state_dict']
    return {key: value for key, value in state.items() if isinstance(value, torch.Tensor)}


def resume_equals(whole, again, toy, args, options, **kwargs):
    """Train the second epoch again from the folder that the first one has left."""
    again.mkdir()
    shutil.copy(whole / 'epoch_1.pth', again)
    (again / 'last_checkpoint').write_text(str(again / 'epoch_1.pth'))
    done = toy.tool(*args, '--resume', '--work-dir', again, '--cfg-options', *options, **kwargs)
    assert done.returncode == 0, done.stderr
    assert 'resumed epoch: 1' in done.stdout + done.stderr
    left, right = weights(whole), weights(again)
    assert left.keys() == right.keys()
    for key, value in left.items():
        assert torch.equal(value, right[key]), key
