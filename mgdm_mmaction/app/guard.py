"""What reaches Gradio: the requests of the page, and nothing else.

Gradio has many routes that this page has no use for: some fetch addresses of the network, some
write files, one skips the queue, and none of its settings turns them off. An event may name a URL
as its file, which Gradio would fetch. So all of this is decided here, by a list of what is allowed.
"""

import json
import mimetypes
import re

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from .limits import MEGABYTE
from .uploads import UploadFolder

__all__ = ['Guard']

_API = '/gradio_api'
_FILE = f'{_API}/file='
_GET = re.compile(
    r'/|/config|/theme\.css|/favicon\.ico|/manifest\.json|/(assets|static|svelte)/.+|'
    rf'{_API}/(info|startup-events|app_id|upload_progress|queue/data|heartbeat/\w+|file=.+)'
)
_POST = re.compile(rf'{_API}/(upload|queue/join|cancel|reset)')
# Labels, a session and a path: an event has no reason to be larger.
_MAX_EVENT = 1_000_000
# What a form adds to its file.
_FORM = 100_000
# Uploads of full size that the folder has room for.
_CLIPS = 16
# The page needs nothing from elsewhere; a browser that obeys this asks for nothing, whatever
# Gradio's scripts would like.
_HEADERS = {
    'content-security-policy': "default-src 'self'; script-src 'self' 'unsafe-inline' "
    "'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
}


class Guard:
    """Dispatch function for Starlette's ``BaseHTTPMiddleware`` around Gradio.

    Args:
        uploads (UploadFolder): The only folder that files are served from.
        max_bytes (int): Largest upload.
        hosts (frozenset[str] | None): Names by which the page may be called. A page of another
            site that rebinds its own name to this machine is none of them. None: any name.
    """

    def __init__(self, uploads: UploadFolder, max_bytes: int, hosts: frozenset[str] | None) -> None:
        self.uploads = uploads
        self.max_bytes = max_bytes
        self.hosts = hosts

    async def __call__(self, request: Request, call_next) -> Response:
        """Answer a request, or hand it on."""
        try:
            path = self._check_request(request)
            if path == f'{_API}/queue/join':
                self._check_event(await request.body())
            served = path.startswith(_FILE)
            response = self._serve(path) if served else await call_next(request)
        except HTTPException as refusal:
            response = JSONResponse({'detail': refusal.detail}, refusal.status_code)
        response.headers.update(_HEADERS)
        return response

    def _check_request(self, request: Request) -> str:
        """Return the path of a request if it may pass."""
        path, method, headers = request.scope['path'], request.method, request.headers
        host = re.sub(r':\d+$', '', headers.get('host', ''))
        if self.hosts is not None and host not in self.hosts:
            raise HTTPException(400, 'unknown host')
        allowed = {'GET': _GET, 'HEAD': _GET, 'POST': _POST}.get(method)
        if allowed is None or not allowed.fullmatch(path):
            raise HTTPException(404, 'there is nothing here')
        if method != 'POST':
            return path
        # A browser states whose page it is that sends something.
        if headers.get('sec-fetch-site', 'same-origin') != 'same-origin':
            raise HTTPException(403, 'sent by a page of another site')
        length = headers.get('content-length', '')
        if not length.isdecimal():
            raise HTTPException(411, 'a request should state its length')
        if path != f'{_API}/upload':
            if int(length) > _MAX_EVENT:
                raise HTTPException(413, 'too many labels')
        elif int(length) > self.max_bytes + _FORM:
            raise HTTPException(413, f'the file is larger than {self.max_bytes / MEGABYTE:g} MB')
        elif self.uploads.num_bytes() + int(length) > _CLIPS * self.max_bytes + _FORM:
            raise HTTPException(507, 'too many clips are here at once; try again later')
        return path

    def _check_event(self, body: bytes) -> None:
        """Refuse an event that names a file which was not uploaded, however deep inside."""

        def check(content: dict) -> None:
            if 'path' in content and not self.uploads.holds(content['path']):
                raise HTTPException(403, 'that clip is not here any more; drop it again')

        try:
            json.loads(body, object_hook=check)
        except (ValueError, RecursionError):
            raise HTTPException(400, 'not JSON') from None

    def _serve(self, path: str) -> Response:
        """Send a clip; whatever else was uploaded is no page and no script of ours."""
        name = path.removeprefix(_FILE)
        if not self.uploads.holds(name):
            raise HTTPException(403, 'not a file of this page')
        kind = mimetypes.guess_type(name)[0] or ''
        return FileResponse(
            name, media_type=kind if kind.startswith('video/') else 'application/octet-stream'
        )
