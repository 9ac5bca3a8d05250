"""Writing ONNX."""

from os import PathLike
from pathlib import Path

import torch

from ..errors import MGDMError
from .folded import FoldedRecognizer
from .metadata import to_strings
from .tracing import EXAMPLE_BATCH, batch_shape, trace, tracing

__all__ = ['OPSET', 'save_onnx']

# What torch's exporter translates to without a conversion; onnxruntime knows it since 1.14.
OPSET = 18


def save_onnx(
    folded: FoldedRecognizer,
    path: str | PathLike,
    metadata: dict,
    opset: int = OPSET,
    external_data: bool | None = None,
) -> None:
    """Write a recogniser as ONNX, for any number of clips at once.

    Weights of more than 1.5 GiB go into a second file beside the first, FILE.data, because a
    single ONNX file ends at 2 GB.

    Args:
        folded (FoldedRecognizer): The recogniser.
        path (str | PathLike): File to write.
        metadata (dict): Result of :func:`describe_recognizer`, kept in the file.
        opset (int, optional): Version of ONNX's operators. Defaults to 18.
        external_data (bool, optional): Put the weights into FILE.data, however few. Defaults to
            None: only where they are too many.

    Raises:
        MGDMError: If packages for ONNX are missing, or torch cannot translate the recogniser.
    """
    require('onnx', 'onnxscript')
    options = dict(
        dynamo=True,
        input_names=['frames'],
        output_names=list(folded.output_names),
        opset_version=opset,
        optimize=True,
        verbose=False,
    )
    frames = (folded.example_input(EXAMPLE_BATCH),)
    try:
        with tracing():
            try:
                program = torch.onnx.export(folded, frames, dynamic_shapes=batch_shape(), **options)
            except torch.onnx.OnnxExporterError:
                # torch 2.6 fails on the linear layers of an open number of clips, unless they are
                # broken down before. Later ones do it themselves and make a smaller graph of it.
                program = torch.onnx.export(trace(folded).run_decompositions(), frames, **options)
    except Exception as error:
        # Of the exporter's own class, of torch's tracing, of onnxscript, ...
        reason = ' '.join(str(error.__cause__ or error).split())
        raise MGDMError(
            f'torch {torch.__version__} cannot write this recogniser as ONNX, opset {opset}: '
            f'{reason[:400]}'
        ) from error
    _forget_sources(program.model)
    program.model.metadata_props.clear()
    program.model.metadata_props.update(to_strings(metadata))
    program.model.producer_name = 'mgdm_mmaction'
    program.model.producer_version = metadata['package_version']
    program.save(Path(path), external_data=external_data)


def require(*names: str) -> None:
    """Raise if a package for ONNX is missing.

    Args:
        *names (str): Packages to import.

    Raises:
        MGDMError: With the command that installs them.
    """
    for name in names:
        try:
            __import__(name)
        except ImportError as error:
            raise MGDMError(
                f"ONNX needs the package {name}: pip install 'mgdm-mmaction[export]' ({error})"
            ) from None


def _forget_sources(model) -> None:
    """Drop what torch notes at every node: lines and folders of the machine it ran on."""
    graphs = [model.graph, *(function.graph for function in model.functions.values())]
    for graph in graphs:
        graph.metadata_props.clear()
        graph.doc_string = None
        for value in (*graph.inputs, *graph.outputs, *graph.initializers.values()):
            value.metadata_props.clear()
        for node in graph.all_nodes():
            node.metadata_props.clear()
            node.doc_string = None
            for value in node.outputs:
                value.metadata_props.clear()
