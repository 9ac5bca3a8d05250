"""CLIP's image tower as a backbone of MMAction2."""

from collections.abc import Callable

import torch
from mmaction.registry import MODELS
from mmengine.logging import print_log
from mmengine.model import BaseModule
from torch import Tensor, nn

from ...clip import (
    build_visual,
    count_blocks,
    embed_dims,
    image_size,
    load_visual,
    set_activation,
    uses_quick_gelu,
)
from ...clip.tokens import has_tokens, project_tokens, run_blocks
from ...errors import MGDMError
from .frozen_parts import STEM, check_frozen_stages, frozen_parts

__all__ = ['CLIPBackbone']


@MODELS.register_module()
class CLIPBackbone(BaseModule):
    """CLIP's image tower: the projected class-token embedding of every frame.

    The weights are loaded in :meth:`init_weights`, never on construction. Which activation they
    need, GELU or QuickGELU, is kept in a buffer: a checkpoint of this module restores it, whatever
    the config says.

    Args:
        arch (str): CLIP architecture: a name of open_clip (``'ViT-L-14'``), a packaged one
            (``'mgdm-tiny'``), or an open_clip model configuration ending in ``.json``.
        pretrained (str, optional): Tag of open_clip (``'openai'``), or a file or folder in the form
            of open_clip, OpenAI, Hugging Face or MMPretrain; the image tower alone will do.
            Defaults to None: random weights.
        quick_gelu (bool, optional): True for QuickGELU, False for GELU. Defaults to None: as the
            weights tell, or else as the architecture says.
        frozen_stages (int | str, optional): Part that is not trained: -1 nothing, 0 the stem
            (patches, positions and first norm), n the stem and the first n blocks, ``'all'`` the
            whole tower with its projection, ``'all_but_norm'`` all but the LayerNorms. Frozen
            modules stay in evaluation mode, so ``'all'`` drops no patches. Defaults to -1.
        freeze_proj (bool, optional): Do not train the projection into CLIP's joint space either,
            which lies behind the last block. Defaults to False.
        with_cp (bool, optional): Recompute the blocks in the backward pass to save memory. Defaults
            to False.
        patch_dropout (float, optional): Part of the patches of each frame that training drops.
            Defaults to 0.
        init_cfg (dict | list[dict], optional): MMEngine's initialisation. Defaults to None.

    Attributes:
        token_dims (int | None): Width W of the tokens of :meth:`forward_tokens`; None for a tower
            that has no class token beside patches.
        num_patches (int | None): Patches P of an image, likewise.

    Raises:
        MGDMError: If the architecture is unknown or an option is out of range.

    Example:
        >>> import torch
        >>> backbone = CLIPBackbone('mgdm-tiny', frozen_stages=1)
        >>> backbone(torch.rand(2, 3, 64, 64)).shape
        torch.Size([2, 128])
    """

    def __init__(
        self,
        arch: str,
        pretrained: str | None = None,
        quick_gelu: bool | None = None,
        frozen_stages: int | str = -1,
        freeze_proj: bool = False,
        with_cp: bool = False,
        patch_dropout: float = 0.0,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if not 0 <= patch_dropout < 1:
            raise MGDMError(f'CLIPBackbone: patch_dropout should be in [0, 1), got {patch_dropout}')
        self.arch = arch
        self.pretrained = pretrained
        self.embed_dims = embed_dims(arch)
        self.image_size = image_size(arch)
        self.visual = build_visual(arch, quick_gelu, patch_dropout)
        self.num_layers = count_blocks(self.visual)
        check_frozen_stages(frozen_stages, freeze_proj, self.num_layers, arch)
        self.frozen_stages, self.freeze_proj = frozen_stages, freeze_proj
        self.with_cp, self.patch_dropout = with_cp, patch_dropout
        self.token_dims = self.num_patches = None
        if has_tokens(self.visual):
            self.num_patches, self.token_dims = self.visual.positional_embedding[1:].shape
        if self.num_layers is None and (with_cp or patch_dropout):
            raise MGDMError(
                'CLIPBackbone: with_cp and patch_dropout need a ViT tower of open_clip, arch '
                f"'{arch}' has another one"
            )
        if with_cp:
            # open_clip checkpoints with use_reentrant=False, so that gradients reach the parameters
            # of a block whose input needs none.
            self.visual.set_grad_checkpointing(True)
        self._quick_gelu_option = quick_gelu
        # A byte and not a bool, because every backend of torch.distributed can send it.
        self.register_buffer('quick_gelu', torch.zeros((), dtype=torch.uint8))
        self._set_quick_gelu(uses_quick_gelu(self.visual))
        self._freeze_stages()

    def init_weights(self) -> None:
        """Load the pretrained weights, if there are any, then apply ``init_cfg``.

        Raises:
            MGDMError: If the weights cannot be had or read, or do not fit the architecture.
        """
        if self.pretrained is not None and not self.is_init:
            quick = load_visual(self.visual, self.arch, self.pretrained, self._quick_gelu_option)
            self._set_quick_gelu(quick)
        super().init_weights()

    def forward(self, x: Tensor) -> Tensor:
        """Embed images.

        Args:
            x (Tensor): Normalised images of shape [N, 3, H, W], H and W those of the tower.

        Returns:
            Tensor: Embeddings of shape [N, D], not normalised; under autocast in its type.

        Raises:
            MGDMError: If the images have another shape.
        """
        self._check(x)
        return self.visual(x)

    def forward_tokens(
        self, x: Tensor, insert: Callable[[Tensor], tuple[Tensor, Tensor]] | None = None
    ) -> Tensor:
        """Return all tokens behind the last block, which :meth:`project` turns into embeddings.

        Args:
            x (Tensor): Normalised images [N, 3, H, W].
            insert (Callable, optional): Adds tokens to the last block, see
                :func:`~mgdm_mmaction.clip.tokens.run_blocks`. Defaults to None.

        Returns:
            Tensor: Class token, P patches and what was inserted [N, 1 + P (+ R), W].
        """
        self._check(x)
        return run_blocks(self.visual, x, insert)

    def project(self, tokens: Tensor) -> Tensor:
        """Turn tokens [..., W] into embeddings in the joint space [..., D], not normalised."""
        return project_tokens(self.visual, tokens)

    def _check(self, x: Tensor) -> None:
        if x.ndim != 4 or tuple(x.shape[-2:]) != self.image_size:
            height, width = self.image_size
            raise MGDMError(
                f"CLIPBackbone: `backbone.arch` '{self.arch}' takes images of shape "
                f'[N, 3, {height}, {width}], but got {list(x.shape)}. Set the crop or resize of '
                f'the pipelines to {height} x {width} and end them with '
                "FormatShape(input_format='NCHW'), or take another arch."
            )

    def train(self, mode: bool = True) -> 'CLIPBackbone':
        """Switch between training and evaluation; frozen parts stay in evaluation mode.

        Args:
            mode (bool, optional): True for training. Defaults to True.

        Returns:
            CLIPBackbone: Itself.
        """
        super().train(mode)
        for part in self._frozen_parts():
            if isinstance(part, nn.Module):
                part.eval()
        return self

    def get_layer_depth(self, param_name: str, prefix: str = '') -> tuple[int, int]:
        """Depth of a parameter, for layer-wise decay of the learning rate.

        MMPretrain's ``LearningRateDecayOptimWrapperConstructor`` asks the model, which asks the
        backbone with ``prefix='backbone.'``.

        Args:
            param_name (str): Name of the parameter in the model.
            prefix (str, optional): The backbone's prefix in the model. Defaults to ''.

        Returns:
            tuple[int, int]: The depth, 0 for the stem, i + 1 for block i and ``num_layers + 1`` for
            what comes after the blocks, also outside the backbone; and the number of depths.

        Raises:
            MGDMError: If the tower has no transformer blocks of open_clip.
        """
        if self.num_layers is None:
            raise MGDMError(
                f"CLIPBackbone: layer-wise learning rates need a ViT tower, arch '{self.arch}' has "
                'another one'
            )
        num_depths = self.num_layers + 2
        name = param_name.removeprefix(f'{prefix}visual.')
        if name == param_name:
            return num_depths - 1, num_depths
        if name.startswith('transformer.resblocks.'):
            return int(name.split('.')[2]) + 1, num_depths
        return (0 if name.split('.')[0] in STEM else num_depths - 1), num_depths

    def _frozen_parts(self) -> list[nn.Module | nn.Parameter]:
        return frozen_parts(self.visual, self.frozen_stages, self.freeze_proj)

    def _freeze_stages(self) -> None:
        for part in self._frozen_parts():
            part.requires_grad_(False)
            if isinstance(part, nn.Module):
                part.eval()

    def _set_quick_gelu(self, quick: bool) -> None:
        set_activation(self.visual, quick)
        self.quick_gelu.fill_(quick)

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args, **kwargs) -> None:
        """Take the activation from the checkpoint, with its weights."""
        before = uses_quick_gelu(self.visual)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)
        flag = state_dict.get(f'{prefix}quick_gelu')
        if flag is not None and bool(flag) != before:
            set_activation(self.visual, bool(flag))
            name = 'QuickGELU' if flag else 'GELU'
            print_log(f'CLIPBackbone: activation {name}, as in the checkpoint', logger='current')
