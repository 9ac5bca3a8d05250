"""Drawing: annotated videos and pictures."""

from .annotate import annotate_picture, annotate_video, window_at
from .attention_strip import AttentionStrip, attention_levels
from .fonts import FontStack
from .layout import Layout, plan_layout
from .overlay import ScoreOverlay

__all__ = [
    'AttentionStrip',
    'FontStack',
    'Layout',
    'ScoreOverlay',
    'annotate_picture',
    'annotate_video',
    'attention_levels',
    'plan_layout',
    'window_at',
]
