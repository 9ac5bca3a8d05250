"""Serving the page."""

import ipaddress
import os
import socket

from ..errors import MGDMError
from .guard import Guard
from .page import build_blocks, page_style, require_gradio
from .recognition import Recognition
from .uploads import UploadFolder

__all__ = ['PageServer', 'bind', 'is_loopback']


def is_loopback(host: str) -> bool:
    """Return whether an address is reachable from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'


def bind(host: str, port: int) -> socket.socket:
    """Take a port.

    Args:
        host (str): Address.
        port (int): Port; 0 takes a free one.

    Raises:
        MGDMError: If it is in use, or not to be had.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        family, address = found[0], found[4]
    except (OSError, OverflowError, UnicodeError) as error:
        raise MGDMError(f'--host {host}: no address of this machine ({error}).') from None
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen(128)
    except OSError as error:
        taken.close()
        raise MGDMError(
            f'{host} port {port}: {error.strerror or error}. Choose another one with --port, or '
            '--port 0 for any that is free; --host takes an address of this machine.'
        ) from None
    return taken


class PageServer:
    """The page on a port.

    Args:
        recognition (Recognition): The model.
        taken (socket.socket): See :func:`bind`.
        name (str): What is recognised with, for the title.
    """

    def __init__(self, recognition: Recognition, taken: socket.socket, name: str) -> None:
        self.socket = taken
        self.uploads = UploadFolder()
        try:
            gr = require_gradio()
            import fastapi
            import uvicorn

            blocks = build_blocks(recognition, self.uploads, name)
            app = gr.mount_gradio_app(
                fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None),
                blocks,
                path='/',
                server_name=self.host,
                server_port=self.port,
                footer_links=[],
                run_history=False,
                allowed_paths=[],
                max_file_size=recognition.limits.max_bytes,
                ssr_mode=False,
                enable_monitoring=False,
                pwa=False,
                mcp_server=False,
                show_error=False,
                **page_style(gr),
            )
            # Only `launch` sets these, and Gradio's check of paths in events waits for them.
            blocks.has_launched = blocks.is_running = True
            hosts = frozenset({'127.0.0.1', 'localhost', '[::1]'})
            guard = Guard(
                app,
                self.uploads,
                recognition.limits.max_bytes,
                hosts | {self.host} if is_loopback(self.host) else None,
            )
            self._server = uvicorn.Server(
                uvicorn.Config(guard, log_level='warning', timeout_graceful_shutdown=1)
            )
        except BaseException:
            self.close()
            raise

    @property
    def host(self) -> str:
        """str: Address."""
        return self.socket.getsockname()[0]

    @property
    def port(self) -> int:
        """int: Port."""
        return self.socket.getsockname()[1]

    @property
    def url(self) -> str:
        """str: What to open."""
        host = f'[{self.host}]' if ':' in self.host else self.host
        return f'http://{host}:{self.port}'

    @property
    def started(self) -> bool:
        """bool: Whether requests are answered."""
        return self._server.started

    def run(self) -> None:
        """Serve until :meth:`stop` or a signal, then delete what was dropped."""
        try:
            self._server.run(sockets=[self.socket])
        finally:
            self.close()

    def stop(self) -> None:
        """Let :meth:`run` return, from another thread."""
        self._server.should_exit = True

    def close(self) -> None:
        """Free the port and delete what was dropped."""
        self.socket.close()
        self.uploads.close()
        if os.environ.get('GRADIO_TEMP_DIR') == str(self.uploads.path):
            del os.environ['GRADIO_TEMP_DIR']
