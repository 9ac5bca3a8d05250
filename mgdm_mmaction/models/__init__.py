"""Models, registered in MMAction2's registry."""

from .backbones import CLIPBackbone
from .heads import HardNegativeTextHead, SemanticDiscriminator, TextGuidedTemporalHead
from .losses import AugmentedContrastiveLoss, augmented_contrastive_loss
from .recognizers import MGDM
from .similarity import text_guided_attention, text_guided_similarity

__all__ = [
    'MGDM',
    'AugmentedContrastiveLoss',
    'CLIPBackbone',
    'HardNegativeTextHead',
    'SemanticDiscriminator',
    'TextGuidedTemporalHead',
    'augmented_contrastive_loss',
    'text_guided_attention',
    'text_guided_similarity',
]
