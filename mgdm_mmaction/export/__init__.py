"""A trained recogniser for places without MMAction2: ONNX, torch.export, and clip features."""

from .exported_file import open_file, read_metadata
from .features import iterate_features, pool_features, prepare_pipeline
from .folded import FoldedRecognizer
from .loading import load_recognizer
from .metadata import describe_recognizer
from .onnx_file import save_onnx
from .program_file import save_program
from .verification import Difference, check_file

__all__ = [
    'Difference',
    'FoldedRecognizer',
    'check_file',
    'describe_recognizer',
    'iterate_features',
    'load_recognizer',
    'open_file',
    'pool_features',
    'prepare_pipeline',
    'read_metadata',
    'save_onnx',
    'save_program',
]
