"""A trained recogniser for places without MMAction2: ONNX, torch.export, and clip features."""

from .files import ExportedFile, open_file, save_onnx, save_program
from .folded import ExportableRecognizer
from .metadata import describe_recognizer
from .verification import Difference, check_file

__all__ = [
    'Difference',
    'ExportableRecognizer',
    'ExportedFile',
    'check_file',
    'describe_recognizer',
    'open_file',
    'save_onnx',
    'save_program',
]
