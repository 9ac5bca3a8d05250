"""The error that a user's mistake raises, and how a command line shows it."""

import sys
from collections.abc import Callable

__all__ = ['MGDMError', 'run_tool']


class MGDMError(ValueError):
    """A mistake in the user's input: a file, a config key or an argument.

    The message says where it is, what was found, what was expected and what to do. It takes one
    string, so that MMEngine's registry can raise it again with the class name put in front.

    Args:
        message (str): The whole message.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)


def run_tool(main: Callable[[], None]) -> None:
    """Run the main function of a command and print a user's mistake as one line.

    Args:
        main (Callable): Function without arguments.

    Raises:
        SystemExit: With code 2 after an :class:`MGDMError`, 130 after Ctrl-C. Everything else keeps
            its traceback, because it is a fault of the program and not of its user.
    """
    try:
        main()
    except MGDMError as error:
        print(f'error: {error}', file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        raise SystemExit(130) from None
