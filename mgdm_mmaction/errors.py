"""The error that a user's mistake raises, and how a command line shows it."""

import csv
import difflib
import errno
import inspect
import os
import re
import select
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = [
    'MGDMError',
    'check_output',
    'explain_config',
    'explain_csv',
    'explain_disk',
    'require_file',
    'run_tool',
    'write_whole',
]

# What the system says of a name or a place that a user chose.
_OF_PLACES = {
    errno.EACCES,
    errno.EEXIST,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.ENOSPC,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
}
_BUILDER = ('mmengine', 'registry', 'build_functions.py')


class MGDMError(ValueError):
    """A mistake in the user's input: a file, a config key or an argument.

    The message says where it is, what was found, what was expected and what to do. It takes one
    string, so that MMEngine's registry can raise it again with the class name put in front.

    Args:
        message (str): The whole message.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)


@contextmanager
def explain_config() -> Iterator[None]:
    """Turn what MMEngine says of a setting that nothing takes into a user's mistake.

    A config can name a type that is not registered, an option that its type does not have, leave
    one out, or give a value that the constructor refuses. Only errors of these kinds are changed:
    raised by MMEngine's builder itself, or by a constructor that it called.

    Raises:
        MGDMError: In place of the error, which is its cause.
    """
    try:
        yield
    except MGDMError:
        raise
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        message = _explain(error)
        if message is None:
            raise
        raise MGDMError(message) from error


@contextmanager
def explain_csv(path: str | os.PathLike, reader: Any) -> Iterator[None]:
    """Turn what the standard library says of a csv file into a user's mistake.

    Args:
        path (str | os.PathLike): The file.
        reader (Any): The ``csv.reader`` that reads it.

    Raises:
        MGDMError: In place of a ``csv.Error``, naming the line.
    """
    try:
        yield
    except csv.Error as error:
        raise MGDMError(
            f'{path}:{reader.line_num}: not readable as csv ({error}). Is a double quote missing '
            'here or further up?'
        ) from None


@contextmanager
def explain_disk(path: str | os.PathLike) -> Iterator[None]:
    """Turn what the system says of a file that is written into a user's mistake.

    Args:
        path (str | os.PathLike): The file that is to be written.

    Raises:
        MGDMError: In place of an ``OSError``, which is its cause.
    """
    try:
        yield
    except OSError as error:
        raise MGDMError(
            f'{path}: cannot be written ({error.strerror or error}). Make room or choose another '
            'place, then run the command again.'
        ) from error


@contextmanager
def write_whole(path: str | os.PathLike) -> Iterator[Path]:
    """Yield the name to write a file under; it takes its place once all of it is written.

    Args:
        path (str | os.PathLike): The file.

    Raises:
        MGDMError: If it cannot be written.
    """
    path = Path(path)
    # Of this process, because two of them may write the same file.
    part = path.with_name(f'{path.name}.{os.getpid()}.part')
    with explain_disk(path):
        try:
            yield part
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)


def require_file(path: str | os.PathLike, what: str, hint: str = '') -> None:
    """Refuse a file of the user that is not there.

    Args:
        path (str | os.PathLike): The file; a URL is left to those who load it.
        what (str): What it is, for the message.
        hint (str, optional): What to do. Defaults to nothing.

    Raises:
        MGDMError: If it does not exist, or is a folder.
    """
    if '://' in str(path) or os.path.isfile(path):
        return
    found = 'is a folder' if os.path.isdir(path) else 'does not exist'
    text = f'the {what} {path} {found}; the current folder is {os.getcwd()}'
    raise MGDMError(f'{text}. {hint}' if hint else text)


def check_output(path: str | os.PathLike, overwrite: bool, option: str = '--out') -> Path:
    """Refuse a file that cannot be written, before anything is computed; make its folder.

    Args:
        path (str | os.PathLike): The file.
        overwrite (bool): A file that exists may be replaced.
        option (str, optional): Where the name came from. Defaults to '--out'.

    Returns:
        Path: The file; its folder exists.

    Raises:
        MGDMError: If it is a folder, exists, or its folder cannot be made.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MGDMError(
            f'{option} {path}: its folder cannot be made ({error.strerror}); choose another place.'
        ) from None
    try:
        # What is unfinished lies beside it under longer names.
        path.with_name(f'{path.name}.parts.lock').exists()
        found = 'folder' if path.is_dir() else 'file' if path.exists() else ''
    except OSError as error:
        raise MGDMError(f'{option} {path}: {error.strerror}; choose another name.') from None
    if found == 'folder':
        raise MGDMError(f'{option} {path}: is a folder; give the name of a file.')
    if found and not overwrite:
        raise MGDMError(
            f'{option} {path}: exists already; add --overwrite to replace it, or choose another '
            'name.'
        )
    return path


def _explain(error: Exception) -> str | None:
    frames = list(traceback.walk_tb(error.__traceback__))
    names = [frame.f_code.co_filename.replace('\\', '/').split('/') for frame, _ in frames]
    built = [i for i, name in enumerate(names) if tuple(name[-3:]) == _BUILDER]
    if not built and frames[-1][0].f_code.co_name == 'build_dataloader':
        # MMEngine's runner calls PyTorch's loader itself.
        loader = frames[-1][0].f_globals.get('DataLoader')
        return loader and _explain_call(str(error), 'DataLoader', loader)
    if not built:
        return None
    inside = frames[built[-1] + 1 :]
    locals_ = frames[built[-1]][0].f_locals
    text = str(error.args[0]) if error.args else ''
    if not inside and isinstance(error, KeyError):
        reason = text.split('. ')[0]
        return (
            f'{reason}. Correct `type` in the config, or add the package that has it to '
            '`custom_imports`.'
        )
    built_type = locals_.get('obj_cls')
    name = getattr(built_type, '__name__', None)
    if name is None:
        return None
    if not inside and isinstance(error, TypeError):
        return _explain_call(text, name, built_type)
    if all(frame.f_code.co_name == '__init__' for frame, _ in inside) and text:
        # Its own check of an option, not a fault deep below it.
        return None if isinstance(error, KeyError | TypeError) else f'config of {name}: {text}'
    return None


def _explain_call(text: str, name: str, built_type: Callable) -> str | None:
    unknown = re.search(r"unexpected keyword argument '(\w+)'", text)
    if unknown:
        options = list(inspect.signature(built_type).parameters)
        close = difflib.get_close_matches(unknown[1], options, 1)
        hint = f'did you mean {close[0]!r}?' if close else f'it has {", ".join(options)}.'
        return f'the config gives {name} the option {unknown[1]!r}, which it does not have; {hint}'
    missing = re.search(r'missing \d+ required (?:positional|keyword-only) arguments?: (.+)', text)
    if missing:
        return f'the config does not give {name} what it needs: {missing[1]}.'
    return None


def run_tool(main: Callable[[], None]) -> None:
    """Run the main function of a command and print a user's mistake as one line.

    Args:
        main (Callable): Function without arguments.

    Raises:
        SystemExit: With code 2 after an :class:`MGDMError` and where the system refuses the name or
            the place of a file, 130 after Ctrl-C, 141 where nobody reads what it prints any more,
            as behind ``| head``. Everything else keeps its traceback, because it is a fault of the
            program and not of its user.
    """
    try:
        with explain_config():
            main()
        sys.stdout.flush()
    except BrokenPipeError:
        if not _reader_left():
            raise
        raise SystemExit(141) from None  # as the shell names the end by SIGPIPE
    except MGDMError as error:
        print(f'error: {error}', file=sys.stderr)
        raise SystemExit(2) from None
    except OSError as error:
        if error.errno not in _OF_PLACES or not isinstance(error.filename, str):
            raise
        shown = error.filename if len(error.filename) <= 200 else f'{error.filename[:197]}...'
        print(f'error: {shown}: {error.strerror}; choose another place or name.', file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        raise SystemExit(130) from None


def _reader_left() -> bool:
    """Tell whether nobody reads the output any more; what is left to print goes nowhere then."""
    if not hasattr(select, 'poll'):  # Windows
        return False
    poll = select.poll()
    try:
        poll.register(sys.stdout, 0)
    except (OSError, ValueError):  # an output that is no file
        return False
    if not any(event & select.POLLERR for _, event in poll.poll(0)):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return True
