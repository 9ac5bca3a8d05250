"""Mends of faults in the packages below us, one fault a file.

Every module holds one fault, names its upstream reference and has one function ``mend()``, which
does nothing where the fault is absent, so that a later release which mends it is simply used.

===================  ==============================================================================
module               fault
===================  ==============================================================================
``torch_first``      decord loaded before torch can break torch's own libraries
``package_lookup``   mmengine looks packages up through ``pkg_resources``, gone from setuptools 82;
                     mmaction2 needs ``importlib_metadata`` and does not say so
``mmcv_version``     mmcv is missing, or of a release that mmaction2 refuses
``drn_stub``         the wheel of mmaction2 1.2.0 lacks ``mmaction.models.localizers.drn``
``moved_helpers``    mmaction2's multimodal models import what newer ``transformers`` moved away
``safe_checkpoints`` ``torch.load`` refuses mmengine's checkpoints since torch 2.6
``accumulated_lr``   mmengine's automatic learning rate forgets accumulated batches
``ema_copy``         mmengine's ``EMAHook`` copies the model before its weights are there
``option_spaces``    mmengine's ``--cfg-options`` deletes the spaces of a value, and ends in a
                     traceback of a word without ``=``
``cut_off_avi``      decord dies of a cut-off avi file that mmaction2 reads into memory
``lost_batches``     a data loader waits for ever for a batch that found no room
===================  ==============================================================================

Faults with a runner in them (a process group and automatic mixed precision without CUDA, weight
decay beside ``custom_keys``, random numbers after a resume) are mended in ``mgdm_mmaction.engine``.
"""

from . import (
    accumulated_lr,
    cut_off_avi,
    drn_stub,
    ema_copy,
    lost_batches,
    mmcv_version,
    moved_helpers,
    option_spaces,
    package_lookup,
    safe_checkpoints,
    torch_first,
)

__all__ = ['apply']

# In this order: the later ones import what the earlier ones make importable.
_MENDS = (
    torch_first,
    package_lookup,
    mmcv_version,
    drn_stub,
    moved_helpers,
    safe_checkpoints,
    accumulated_lr,
    ema_copy,
    option_spaces,
    cut_off_avi,
    lost_batches,
)


def apply() -> None:
    """Mend all known faults; a second call changes nothing.

    Raises:
        MGDMError: If something is missing that cannot be mended, such as mmcv.
    """
    for module in _MENDS:
        module.mend()
