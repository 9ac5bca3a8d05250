"""Models, registered in MMAction2's registry."""

from .backbones import CLIPBackbone
from .heads import HardNegativeTextHead, SemanticDiscriminator
from .layers.text_guided_similarity import text_guided_attention, text_guided_similarity
from .losses import AugmentedContrastiveLoss, ClassTextLoss, augmented_contrastive_loss
from .necks import SemanticUnitDecoder, TextGuidedTemporalHead, TripletEncoder
from .recognizers import ASU, KGCLIP, MGDM, CLIPRecognizer, Explanation, Weights

__all__ = [
    'ASU',
    'KGCLIP',
    'MGDM',
    'AugmentedContrastiveLoss',
    'CLIPBackbone',
    'CLIPRecognizer',
    'ClassTextLoss',
    'Explanation',
    'HardNegativeTextHead',
    'SemanticDiscriminator',
    'SemanticUnitDecoder',
    'TextGuidedTemporalHead',
    'TripletEncoder',
    'Weights',
    'augmented_contrastive_loss',
    'text_guided_attention',
    'text_guided_similarity',
]
