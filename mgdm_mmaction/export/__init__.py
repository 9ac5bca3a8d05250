"""A trained recogniser for places without MMAction2: ONNX, torch.export, and clip features."""

from .folded import FoldedRecognizer
from .loading import load_recognizer
from .metadata import describe_recognizer, read_metadata
from .onnx_file import save_onnx
from .program_file import save_program
from .verification import Difference, check_file, open_file

__all__ = [
    'Difference',
    'FoldedRecognizer',
    'check_file',
    'describe_recognizer',
    'load_recognizer',
    'open_file',
    'read_metadata',
    'save_onnx',
    'save_program',
]
