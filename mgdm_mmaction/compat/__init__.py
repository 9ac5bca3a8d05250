"""Workarounds for faults of the packages below us, one fault a file.

Every module holds one fault, names its upstream reference and does nothing where the fault is
absent, so that a later release without it is simply used.

===================  ==============================================================================
module               fault
===================  ==============================================================================
``torch_first``      decord loaded before torch can break torch's own libraries
``mmcv_version``     mmcv is missing, or of a release that mmaction2 refuses
``drn_stub``         the wheel of mmaction2 1.2.0 lacks ``mmaction.models.localizers.drn``
``moved_helpers``    mmaction2's multimodal models import what newer ``transformers`` moved away
``safe_checkpoints`` ``torch.load`` refuses mmengine's checkpoints since torch 2.6
``accumulated_lr``   mmengine's automatic learning rate forgets accumulated batches
``ema_copy``         mmengine's ``EMAHook`` copies the model before its weights are there
``option_spaces``    mmengine's ``--cfg-options`` deletes the spaces of a value, and ends in a
                     traceback of a word without ``=``
``cut_off_avi``      decord dies of a cut-off avi file that mmaction2 reads into memory
``annotation_lists`` a byte order mark, an empty line or another encoding of a list is misread
``lost_batches``     a data loader waits for ever for a batch that found no room
===================  ==============================================================================

Workarounds with a runner in them (a process group and automatic mixed precision without CUDA,
weight decay beside ``custom_keys``, random numbers after a resume) are in ``mgdm_mmaction.engine``.
"""

from wrapt import register_post_import_hook

from . import drn_stub, mmcv_version

__all__ = ['apply']

# Importing these packages takes seconds, so each module is patched when, and if, it is imported.
_PATCHES = {
    'decord._ffi.libinfo': 'torch_first:apply',
    'mmaction.datasets.rawframe_dataset': 'annotation_lists:apply',
    'mmaction.datasets.video_dataset': 'annotation_lists:apply',
    'mmaction.datasets.transforms.loading': 'cut_off_avi:apply',
    'mmaction.utils.dependency': 'moved_helpers:apply',
    'mmcv': 'mmcv_version:check_version',
    'mmengine.config.config': 'option_spaces:apply',
    'mmengine.hooks.ema_hook': 'ema_copy:apply',
    'mmengine.runner.checkpoint': 'safe_checkpoints:apply',
    'mmengine.runner.runner': 'accumulated_lr:apply',
    'mmpretrain.utils.dependency': 'moved_helpers:apply',
    'torch.utils.data': 'lost_batches:apply',
}


def apply() -> None:
    """Patch what is imported already, and the rest on its import.

    Raises:
        MGDMError: If something is missing that cannot be worked around, such as mmcv.
    """
    mmcv_version.apply()
    drn_stub.apply()
    for name, patch in _PATCHES.items():
        register_post_import_hook(f'{__name__}.{patch}', name)
