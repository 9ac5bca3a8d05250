"""What reaches Gradio: the requests of the page, and nothing else.

Gradio has many routes that this page has no use for: some fetch addresses of the network, some
write files, one skips the queue. Its own check of paths is off while it runs inside another
application. So all of this is decided here, by a list of what is allowed.
"""

import json
import re
from collections.abc import Iterator
from urllib.parse import unquote

from .limits import MEGABYTE
from .uploads import UploadFolder

__all__ = ['Guard']

_API = '/gradio_api'
_GET = re.compile(
    r'/|/config|/theme\.css|/favicon\.ico|/manifest\.json|/(assets|static|svelte)/.+|'
    rf'{_API}/(info|startup-events|app_id|upload_progress|queue/data|heartbeat/\w+|file=.+)'
)
_POST = re.compile(rf'{_API}/(upload|queue/join|cancel|reset)/?')
_FILE = f'{_API}/file='
# Labels, a session and a path: an event has no reason to be larger.
_MAX_EVENT = 1_000_000
# Uploads of full size that the folder has room for.
_CLIPS = 16
# What a form adds to its file.
_FORM = 100_000
# The page needs nothing from elsewhere; a browser that obeys this asks for nothing, whatever
# Gradio's scripts would like.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = (
    (b'content-security-policy', _POLICY.encode()),
    (b'x-content-type-options', b'nosniff'),
    (b'referrer-policy', b'no-referrer'),
)


class Guard:
    """ASGI middleware of the page.

    Args:
        app: The application behind it.
        uploads (UploadFolder): The only folder that files are served from.
        max_bytes (int): Largest upload.
        hosts (frozenset[str] | None): Names by which the page may be called. A page of another
            site that rebinds its own name to this machine is none of them. None: any name.
    """

    def __init__(
        self, app, uploads: UploadFolder, max_bytes: int, hosts: frozenset[str] | None
    ) -> None:
        self.app = app
        self.uploads = uploads
        self.max_bytes = max_bytes
        self.hosts = hosts

    async def __call__(self, scope, receive, send) -> None:
        """Answer a request, or hand it on."""
        if scope['type'] != 'http':
            if scope['type'] == 'lifespan':
                await self.app(scope, receive, send)
            return
        headers = {
            key.decode('latin-1'): value.decode('latin-1') for key, value in scope['headers']
        }
        problem = self._problem(scope, headers)
        if problem is None and scope['path'].rstrip('/') == f'{_API}/queue/join':
            receive, problem = await self._read_event(receive)
        if problem is not None:
            await _answer(send, *problem)
            return

        is_file = scope['path'].startswith(_FILE)
        held = None

        async def send_with_headers(message) -> None:
            nonlocal held
            if message['type'] == 'http.response.start':
                message = {**message, 'headers': [*message.get('headers', ()), *_HEADERS]}
                # The headers of a file wait for its first bytes, which may be gone.
                if is_file:
                    held = message
                    return
            if held is not None:
                start, held = held, None
                await send(start)
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except Exception:
            # The page let go of its clip after our look, while the browser still asked for it.
            if not is_file or self._serves(scope['path']):
                raise
            if held is not None:
                await _answer(send, 404, 'that clip is not here any more')

    def _serves(self, path: str) -> bool:
        """Return whether the path of a request leads to a file of the folder."""
        # Gradio decodes a second time what the server has decoded once.
        name = path.removeprefix(_FILE)
        return self.uploads.holds(name) and self.uploads.holds(unquote(name))

    def _problem(self, scope, headers: dict[str, str]) -> tuple[int, str] | None:
        host = re.sub(r':\d+$', '', headers.get('host', ''))
        if self.hosts is not None and host not in self.hosts:
            return 400, 'unknown host'
        path, method = scope['path'], scope['method']
        allowed = {'GET': _GET, 'HEAD': _GET, 'POST': _POST}.get(method)
        if allowed is None or not allowed.fullmatch(path):
            return 404, 'there is nothing here'
        if path.startswith(_FILE) and not self._serves(path):
            return 403, 'not a file of this page'
        if path.startswith(f'{_API}/upload') and method == 'POST':
            length = headers.get('content-length', '')
            if not length.isdecimal():
                return 411, 'an upload should state its length'
            if int(length) > self.max_bytes + _FORM:
                return 413, f'the file is larger than {self.max_bytes / MEGABYTE:g} MB'
            if self.uploads.num_bytes() + int(length) > _CLIPS * self.max_bytes + _FORM:
                return 507, 'too many clips are here at once; try again later'
        return None

    async def _read_event(self, receive) -> tuple:
        """Read an event, check the files that it names, and return it to be read once more."""
        body = b''
        while True:
            message = await receive()
            if message['type'] != 'http.request':
                return receive, (400, 'cut off')
            body += message.get('body', b'')
            if len(body) > _MAX_EVENT:
                return receive, (413, 'too many labels')
            if not message.get('more_body'):
                break
        try:
            named = list(_named_files(json.loads(body)))
        except (ValueError, RecursionError):
            return receive, (400, 'not JSON')
        if not all(isinstance(name, str) and self.uploads.holds(name) for name in named):
            return receive, (403, 'that clip is not here any more; drop it again')
        first = True

        async def replay():
            nonlocal first
            if first:
                first = False
                return {'type': 'http.request', 'body': body, 'more_body': False}
            return await receive()

        return replay, None


def _named_files(content) -> Iterator:
    """Yield the value of every ``path`` in an event, however deep."""
    if isinstance(content, dict):
        if 'path' in content:
            yield content['path']
        content = list(content.values())
    if isinstance(content, list):
        for item in content:
            yield from _named_files(item)


async def _answer(send, status: int, text: str) -> None:
    body = json.dumps({'detail': text}).encode()
    headers = [
        (b'content-type', b'application/json'),
        (b'content-length', str(len(body)).encode()),
        *_HEADERS,
    ]
    await send({'type': 'http.response.start', 'status': status, 'headers': headers})
    await send({'type': 'http.response.body', 'body': body})
