"""Drawing: annotated videos and pictures, figures and pages."""

from .annotate import annotate_picture, annotate_video, window_at

__all__ = ['annotate_picture', 'annotate_video', 'window_at']
