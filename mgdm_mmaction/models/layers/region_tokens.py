"""Features of regions of a frame beside its global one, in CLIP's joint space."""

import torch
from torch import Tensor, nn

from ...clip.tokens import read_attention
from ...errors import MGDMError
from ..backbones.clip_backbone import CLIPBackbone

__all__ = ['RegionTokens']

MODES = ('last_block', 'pool')


class RegionTokens(nn.Module):
    r"""R region features a frame; the global feature stays CLIP's (ASU, multi-region attention).

    'last_block': R tokens, the class token plus a learned offset each, join the last block of the
    tower. They read themselves, the class token and the patches, patches with a learned bias
    :math:`b_r`; class token and patches do not read them. 'pool': region r is a mean of the
    patches behind the last block, with the weights :math:`\mathrm{softmax}_p(q_r \cdot x_p /
    \sqrt W + b_{rp})`. Both end in the norm and the projection of the tower.

    The internals are our reconstruction: the paper (arXiv:2303.09756) has no public code.

    Args:
        backbone (CLIPBackbone): The tower, for its sizes.
        num_regions (int): R; 0 leaves the global feature alone. Defaults to 8.
        mode (str): 'last_block' or 'pool'. Defaults to 'last_block'.

    Raises:
        MGDMError: If the tower has no class token and patches, or drops patches.
        ValueError: If ``mode`` is unknown.
    """

    def __init__(
        self, backbone: CLIPBackbone, num_regions: int = 8, mode: str = 'last_block'
    ) -> None:
        super().__init__()
        if mode not in MODES:
            raise ValueError(f'`regions.mode` should be one of {MODES}, but got {mode!r}')
        if num_regions and backbone.token_dims is None:
            raise MGDMError(
                f"RegionTokens: arch '{backbone.arch}' has no class token beside patches; take a "
                'ViT of CLIP, or regions=dict(num_regions=0)'
            )
        if num_regions and backbone.patch_dropout:
            raise MGDMError(
                'RegionTokens: regions are places of patches: set backbone.patch_dropout=0'
            )
        self.num_regions, self.mode = num_regions, mode
        if num_regions:
            self.tokens = nn.Parameter(torch.randn(num_regions, backbone.token_dims) * 0.02)
            self.bias = nn.Parameter(torch.randn(num_regions, backbone.num_patches) * 0.02)

    def forward(
        self, backbone: CLIPBackbone, images: Tensor, places: list[Tensor] | None = None
    ) -> Tensor:
        """Embed images and their regions.

        Args:
            backbone (CLIPBackbone): The tower.
            images (Tensor): Normalised images [N, 3, H, W].
            places (list[Tensor], optional): Where the tower has patches, gets one more tensor: how
                each feature looks at them [N, 1 + R, P], which sums to 1. Defaults to None.

        Returns:
            Tensor: The global feature, then the regions, not normalised [N, 1 + R, D].
        """
        if not self.num_regions and (places is None or backbone.token_dims is None):
            return backbone(images)[:, None]

        def insert(tokens: Tensor) -> tuple[Tensor, Tensor | None]:
            known, mask = tokens.shape[1], None
            if self.num_regions and self.mode == 'last_block':
                tokens, mask = self._insert(tokens)
            if places is not None:
                rows = [0, *range(known, tokens.shape[1])]
                found = read_attention(backbone.visual, tokens, rows, mask)[..., 1:known]
                places.append(found / found.sum(-1, keepdim=True))
            return tokens, mask

        tokens = backbone.forward_tokens(images, insert)
        known = 1 + backbone.num_patches
        features = [tokens[:, :1], tokens[:, known:]]
        if self.num_regions and self.mode == 'pool':
            patches = tokens[:, 1:]
            scores = self.tokens.to(patches) @ patches.transpose(1, 2)  # [N, R, P]
            weights = (scores / patches.shape[-1] ** 0.5 + self.bias).softmax(-1).to(patches)
            features[1] = weights @ patches
            if places is not None:
                places[-1] = torch.cat([places[-1], weights], dim=1)
        return backbone.project(torch.cat(features, dim=1))

    def _insert(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        regions = tokens[:, :1] + self.tokens.to(tokens)
        count, known = self.num_regions, tokens.shape[1]
        # Rows read columns: class token and patches see no region.
        known_rows = self.bias.new_zeros(known, known + count)
        known_rows[:, known:] = float('-inf')
        zeros = self.bias.new_zeros
        region_rows = torch.cat([zeros(count, 1), self.bias, zeros(count, count)], dim=1)
        return torch.cat([tokens, regions], dim=1), torch.cat([known_rows, region_rows])
