"""Models, registered in MMAction2's registry."""

from .backbones import CLIPBackbone
from .heads import HardNegativeTextHead, SemanticDiscriminator
from .layers.text_guided_similarity import text_guided_attention, text_guided_similarity
from .losses import AugmentedContrastiveLoss, augmented_contrastive_loss
from .necks import SemanticUnitDecoder, TextGuidedTemporalHead
from .recognizers import ASU, MGDM, CLIPRecognizer, Explanation, Weights

__all__ = [
    'ASU',
    'MGDM',
    'AugmentedContrastiveLoss',
    'CLIPBackbone',
    'CLIPRecognizer',
    'Explanation',
    'HardNegativeTextHead',
    'SemanticDiscriminator',
    'SemanticUnitDecoder',
    'TextGuidedTemporalHead',
    'Weights',
    'augmented_contrastive_loss',
    'text_guided_attention',
    'text_guided_similarity',
]
