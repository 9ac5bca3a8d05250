"""Models, registered in MMAction2's registry."""

from .backbones import CLIPBackbone
from .heads import HardNegativeTextHead, SemanticDiscriminator
from .layers.text_guided_similarity import text_guided_attention, text_guided_similarity
from .losses import AugmentedContrastiveLoss, augmented_contrastive_loss
from .necks.text_guided_temporal_head import TextGuidedTemporalHead
from .recognizers import MGDM, CLIPRecognizer, Explanation, Weights

__all__ = [
    'MGDM',
    'AugmentedContrastiveLoss',
    'CLIPBackbone',
    'CLIPRecognizer',
    'Explanation',
    'HardNegativeTextHead',
    'SemanticDiscriminator',
    'TextGuidedTemporalHead',
    'Weights',
    'augmented_contrastive_loss',
    'text_guided_attention',
    'text_guided_similarity',
]
