"""The page: what is on it, what its buttons do, and how it is served."""

import ipaddress
import os
import socket
import traceback
from pathlib import Path

import fastapi
import gradio as gr
import jinja2
import uvicorn
from starlette.middleware.base import BaseHTTPMiddleware

from .. import visualization
from ..errors import MGDMError
from .guard import Guard
from .limits import read_label_box
from .recognition import Recognition
from .uploads import UploadFolder

__all__ = ['HTML', 'build_server', 'is_loopback', 'listen']

_FAULT = 'The program failed on this clip; the terminal that runs it has the details.'

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader('mgdm_mmaction.visualization'),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals['zip'] = zip
# The macros of app.html as functions.
HTML = _TEMPLATES.get_template('app.html').module


def is_loopback(host: str) -> bool:
    """Return whether an address is reachable from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'


def listen(host: str, port: int) -> socket.socket:
    """Take a port; 0 takes a free one.

    Raises:
        MGDMError: If it is in use, or the host is no address of this machine.
    """
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise MGDMError(
            f'{host} port {port}: {error.strerror.split(" (")[0]}. Choose another one with --port, '
            'or --port 0 for any that is free; --host takes an address of this machine.'
        ) from None


def build_server(
    recognition: Recognition, uploads: UploadFolder, listening: socket.socket, name: str
) -> uvicorn.Server:
    """Build the page and what serves it.

    Args:
        recognition (Recognition): The model.
        uploads (UploadFolder): Where the clips lie.
        listening (socket.socket): See :func:`listen`.
        name (str): What is recognised with, for the title.

    Returns:
        uvicorn.Server: To be run with ``sockets=[listening]``.
    """
    host, port = listening.getsockname()[:2]
    limits = recognition.limits
    blocks = _build_blocks(recognition, uploads, name)
    plain = gr.themes.utils.fonts.Font
    theme = gr.themes.Default(font=plain('sans-serif'), font_mono=plain('monospace'))
    # Fonts of this machine. Gradio would quote the first, and then it is the name of a font.
    theme.font, theme.font_mono = 'system-ui, sans-serif', 'ui-monospace, monospace'
    app = gr.mount_gradio_app(
        fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None),
        blocks,
        path='/',
        server_name=host,
        server_port=port,
        footer_links=[],
        run_history=False,
        max_file_size=limits.max_bytes,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        show_error=False,
        css_paths=Path(visualization.__file__).with_name('templates') / 'app.css',
        theme=theme,
    )
    # Only `launch` sets these, and Gradio's check of paths in events waits for them.
    blocks.has_launched = blocks.is_running = True
    names = frozenset({'127.0.0.1', 'localhost', '[::1]', host}) if is_loopback(host) else None
    guarded = BaseHTTPMiddleware(app, dispatch=Guard(uploads, limits.max_bytes, names))
    return uvicorn.Server(uvicorn.Config(guarded, log_level='warning', timeout_graceful_shutdown=1))


def _build_blocks(recognition: Recognition, uploads: UploadFolder, name: str) -> gr.Blocks:
    own, limits = recognition.labels, recognition.limits

    def recognise(clip: dict | None, text: str | None, request: gr.Request) -> tuple[str, str]:
        if not clip:
            return '', HTML.hint()
        path = clip['path']
        uploads.claim(request.session_hash, path)
        try:
            answer = recognition(path, read_label_box(text))
        except MGDMError as error:
            return '', HTML.error(str(error).replace(path, os.path.basename(path)))
        except Exception:
            traceback.print_exc()
            return '', HTML.error(_FAULT)
        return HTML.player(path), HTML.answer(**vars(answer))

    def forget(request: gr.Request) -> tuple[str, str]:
        uploads.release(request.session_hash)
        return '', HTML.hint()

    def leave(request: gr.Request) -> None:
        uploads.release(request.session_hash)

    with gr.Blocks(
        title='MGDM: recognise a clip', analytics_enabled=False, fill_width=True
    ) as blocks:
        gr.HTML(HTML.title(name, len(own)))
        with gr.Row():
            with gr.Column():
                clip = gr.File(
                    label=f'Clip: up to {limits.max_size:g} MB and {limits.max_duration:g} s',
                    height=140,
                    elem_id='mgdm-clip',
                )
                player = gr.HTML('', elem_id='mgdm-player')
            with gr.Column():
                labels = gr.Textbox(
                    label=f'Labels, one a line (empty: the {len(own)} listed below)',
                    placeholder='\n'.join(own[:3]),
                    lines=5,
                    max_lines=12,
                    elem_id='mgdm-labels',
                )
                button = gr.Button('Recognise', variant='primary', elem_id='mgdm-run')
        answer = gr.HTML(HTML.hint(), elem_id='mgdm-result', min_height=120)
        with gr.Accordion(f'{len(own)} labels that an empty box stands for', open=False):
            gr.HTML(HTML.classes(own))
        common = dict(
            fn=recognise,
            inputs=[clip, labels],
            # Gradio would leave an empty file beside the clip.
            preprocess=False,
            outputs=[player, answer],
            api_visibility='private',
            show_progress_on=[answer],
            # One prediction at a time, however many ways lead to it.
            concurrency_limit=1,
            concurrency_id='model',
        )
        clip.upload(**common)
        button.click(**common)
        clip.clear(forget, None, [player, answer], api_visibility='private', show_progress='hidden')
        blocks.unload(leave)
    blocks.queue(max_size=limits.queue, api_open=False)
    return blocks
