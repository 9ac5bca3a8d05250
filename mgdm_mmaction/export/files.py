"""Writing and reading exported files: ONNX, and programs of torch.export."""

import contextlib
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from ..errors import MGDMError
from .folded import ExportableRecognizer
from .metadata import from_strings, to_strings

__all__ = ['OPSET', 'ExportedFile', 'open_file', 'require', 'save_onnx', 'save_program']

# What torch's exporter translates to without a conversion; onnxruntime knows it since 1.14.
OPSET = 18
# One clip would be taken for the only number there is.
_EXAMPLE_BATCH = 2
# Name of the metadata inside a file of torch.export, which is an archive.
_PROGRAM_FILE = 'mgdm.json'
# What torch notes at every node: lines and folders of the machine that it ran on.
_SOURCES = ('stack_trace', 'nn_module_stack', 'source_fn_stack', 'torch_fn', 'custom')


def save_onnx(
    exportable: ExportableRecognizer,
    path: str | PathLike,
    metadata: dict,
    external_data: bool | None = None,
) -> None:
    """Write a recogniser as ONNX, for any number of clips at once.

    Weights of more than 1.5 GiB go into a second file beside the first, FILE.data, because a
    single ONNX file ends at 2 GB.

    Args:
        exportable (ExportableRecognizer): The recogniser.
        path (str | PathLike): File to write.
        metadata (dict): Result of :func:`describe_recognizer`, kept in the file.
        external_data (bool, optional): Put the weights into FILE.data, however few. Defaults to
            None: only where they are too many.

    Raises:
        MGDMError: If packages for ONNX are missing, or torch cannot translate the recogniser.
    """
    require('onnx', 'onnxscript')
    options = dict(
        dynamo=True,
        input_names=['frames'],
        output_names=list(exportable.output_names),
        opset_version=OPSET,
        optimize=True,
        verbose=False,
    )
    frames = (exportable.example_input(_EXAMPLE_BATCH),)
    with _explain(f'cannot write this recogniser as ONNX, opset {OPSET}'), _tracing():
        try:
            program = torch.onnx.export(exportable, frames, dynamic_shapes=_shapes(), **options)
        except torch.onnx.OnnxExporterError:
            # torch 2.6 fails on the linear layers of an open number of clips, unless they are
            # broken down before. Later ones do it themselves and make a smaller graph of it.
            program = torch.onnx.export(_trace(exportable).run_decompositions(), frames, **options)
    _forget_sources(program.model)
    program.model.metadata_props.clear()
    program.model.metadata_props.update(to_strings(metadata))
    program.model.producer_name = 'mgdm_mmaction'
    program.model.producer_version = metadata['package_version']
    program.save(Path(path), external_data=external_data)


def save_program(exportable: ExportableRecognizer, path: str | PathLike, metadata: dict) -> None:
    """Write a recogniser as a program of torch.export, for any number of clips at once.

    Args:
        exportable (ExportableRecognizer): The recogniser.
        path (str | PathLike): File to write; its name should end in .pt2.
        metadata (dict): Result of :func:`describe_recognizer`, kept in the file.

    Raises:
        MGDMError: If torch cannot trace the recogniser.

    Example:
        >>> program = torch.export.load('model.pt2')  # doctest: +SKIP
        >>> probabilities, logits = program.module()(frames)  # doctest: +SKIP
    """
    with _explain('cannot trace this recogniser'), _tracing():
        program = _trace(exportable)
    for node in program.graph.nodes:
        for key in _SOURCES:
            node.meta.pop(key, None)
    # The frames that it was traced with: a megabyte or more of noise. torch 2.6 insists on them.
    with contextlib.suppress(ValueError):
        program.example_inputs = None
    extra = {_PROGRAM_FILE: json.dumps(metadata, ensure_ascii=False)}
    torch.export.save(program, Path(path), extra_files=extra)


class ExportedFile(NamedTuple):
    """An exported recogniser, ready to run on the CPU.

    Args:
        run (Callable): Frames as an array [N, T, 3, H, W] -> list of arrays, one an output.
        metadata (dict): Result of :func:`describe_recognizer`.
    """

    run: Callable[[np.ndarray], list[np.ndarray]]
    metadata: dict


def open_file(path: str | PathLike, threads: int | None = None) -> ExportedFile:
    """Open an exported file, in onnxruntime or, if its name ends in .pt2, in PyTorch.

    Args:
        path (str | PathLike): A file of :func:`save_onnx` or :func:`save_program`.
        threads (int, optional): Threads of onnxruntime. Defaults to None: as many as cores.

    Raises:
        MGDMError: If onnxruntime is missing, or this package did not write the file.
    """
    return (_open_program if Path(path).suffix == '.pt2' else _open_onnx)(path, threads)


def _open_onnx(path: str | PathLike, threads: int | None) -> ExportedFile:
    require('onnxruntime')
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads or 0
    with _explain(f'cannot read {path}', f'onnxruntime {onnxruntime.__version__}'):
        session = onnxruntime.InferenceSession(
            str(path), options, providers=['CPUExecutionProvider']
        )
    properties = session.get_modelmeta().custom_metadata_map
    return ExportedFile(
        lambda frames: session.run(None, {'frames': frames}), from_strings(properties, path)
    )


def _open_program(path: str | PathLike, threads: int | None) -> ExportedFile:
    extra = {_PROGRAM_FILE: ''}
    with _explain(f'cannot read {path}'):
        module = torch.export.load(Path(path), extra_files=extra).module()
    metadata = json.loads(extra[_PROGRAM_FILE] or '{}')

    @torch.no_grad()
    def run(frames: np.ndarray) -> list[np.ndarray]:
        return [output.numpy() for output in module(torch.from_numpy(frames))]

    return ExportedFile(run, from_strings(to_strings(metadata), path))


def require(*names: str) -> None:
    """Raise an :class:`MGDMError` if a package for ONNX is missing."""
    for name in names:
        try:
            __import__(name)
        except ImportError as error:
            raise MGDMError(
                f"ONNX needs the package {name}: pip install 'mgdm-mmaction[export]' ({error})"
            ) from None


@contextmanager
def _explain(what: str, program: str = f'torch {torch.__version__}') -> Iterator[None]:
    """Raise an :class:`MGDMError` for whatever a program raises: there is no class for all."""
    try:
        yield
    except Exception as error:
        reason = ' '.join(str(error.__cause__ or error).split())
        raise MGDMError(f'{program} {what}: {type(error).__name__}: {reason[:400]}') from error


def _shapes() -> dict:
    """Any number of clips, everything else fixed."""
    return {'frames': {0: torch.export.Dim('batch', min=1)}}


def _trace(exportable: ExportableRecognizer) -> torch.export.ExportedProgram:
    frames = (exportable.example_input(_EXAMPLE_BATCH),)
    return torch.export.export(exportable, frames, dynamic_shapes=_shapes())


@contextmanager
def _tracing() -> Iterator[None]:
    """Put torch into the state in which a recogniser can be traced, without its chatter."""
    loggers = [logging.getLogger(name) for name in ('torch.onnx', 'onnxscript', 'onnx_ir')]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    # PyTorch's fused attention is one operator that no other runtime knows; torch 2.6 would put it
    # into the graph.
    fastpath = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter('ignore')
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fastpath)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _forget_sources(model) -> None:
    """Drop what torch notes at every node of an ONNX graph, see ``_SOURCES``."""
    for graph in (model.graph, *(function.graph for function in model.functions.values())):
        graph.metadata_props.clear()
        graph.doc_string = None
        for value in (*graph.inputs, *graph.outputs, *graph.initializers.values()):
            value.metadata_props.clear()
        for node in graph.all_nodes():
            node.doc_string = None
            for item in (node, *node.outputs):
                item.metadata_props.clear()
