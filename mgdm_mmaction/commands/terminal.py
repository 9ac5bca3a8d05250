"""Printing names that the terminal may not be able to show."""

import sys
from typing import TextIO

__all__ = ['print_names']


def print_names(text: str, file: TextIO | None = None) -> None:
    """Print text with names of classes or files, in whatever encoding the terminal has.

    Args:
        text (str): The text; letters that the encoding lacks are escaped.
        file (TextIO, optional): Where to. Defaults to None: standard output.
    """
    file = file or sys.stdout
    encoding = file.encoding or 'utf-8'
    print(text.encode(encoding, 'backslashreplace').decode(encoding), file=file)
