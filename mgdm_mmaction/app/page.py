"""The page: what is on it, and what its buttons do."""

import os
import traceback
from html import escape
from importlib import resources

from ..errors import MGDMError
from .limits import read_label_box
from .recognition import Recognition
from .render import render_answer, render_clip, render_error, render_hint
from .uploads import UploadFolder

__all__ = ['build_blocks', 'page_style', 'require_gradio']

_HINT = 'Drop a clip: the answer appears here.'
_FAULT = 'The program failed on this clip; the terminal that runs it has the details.'


def require_gradio():
    """Import Gradio, told before to keep to itself.

    Returns:
        module: ``gradio``.

    Raises:
        MGDMError: If it is not installed.
    """
    os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'
    try:
        import gradio
    except ImportError as error:
        raise MGDMError(
            f'the page needs Gradio, which cannot be imported ({error}); install it: '
            'pip install "mgdm-mmaction[app]"'
        ) from None
    return gradio


def page_style(gr) -> dict:
    """Return the looks of the page, as Gradio's ``launch`` takes them: fonts of this machine."""
    css = resources.files(__package__).joinpath('page_files', 'app.css').read_text('utf-8')
    plain = gr.themes.utils.fonts.Font
    theme = gr.themes.Default(font=plain('sans-serif'), font_mono=plain('monospace'))
    # Gradio would quote the first, and then it is the name of a font.
    theme.font, theme.font_mono = 'system-ui, sans-serif', 'ui-monospace, monospace'
    return dict(css=css, theme=theme)


def build_blocks(recognition: Recognition, uploads: UploadFolder, name: str):
    """Lay out the page.

    Args:
        recognition (Recognition): The model.
        uploads (UploadFolder): Where the clips lie.
        name (str): What is recognised with, for the title.

    Returns:
        gradio.Blocks: The page, not yet served.
    """
    gr = require_gradio()
    # Read when a page is built, and with every file of an event.
    os.environ['GRADIO_TEMP_DIR'] = str(uploads.path)
    own, limits = recognition.labels, recognition.limits

    def recognise(clip: object, text: object, request: gr.Request) -> tuple[str, str]:
        if not clip:
            return '', render_hint(_HINT)
        path = clip.get('path') if isinstance(clip, dict) else None
        if not isinstance(path, str) or not uploads.holds(path):
            return '', render_error('This clip is not here any more; drop it again.')
        uploads.claim(request.session_hash, path)
        return _answer(recognition, path, text if isinstance(text, str) else '')

    def forget(request: gr.Request) -> tuple[str, str]:
        uploads.release(request.session_hash)
        return '', render_hint(_HINT)

    def leave(request: gr.Request) -> None:
        uploads.release(request.session_hash)

    with gr.Blocks(
        title='MGDM: recognise a clip',
        analytics_enabled=False,
        fill_width=True,
    ) as blocks:
        gr.HTML(
            '<div class="mgdm-title"><h1>Recognise a clip</h1>'
            f'<p>{escape(name)}, {len(own)} labels</p></div>'
        )
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
        answer = gr.HTML(render_hint(_HINT), elem_id='mgdm-result', min_height=120)
        with gr.Accordion(f'{len(own)} labels that an empty box stands for', open=False):
            items = ''.join(f'<li>{escape(label)}</li>' for label in own)
            gr.HTML(f'<ol class="mgdm-classes">{items}</ol>')
        common = dict(
            fn=recognise,
            inputs=[clip, labels],
            # Gradio would copy the file whatever it is; we look at its path first.
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


def _answer(recognition: Recognition, path: str, text: str) -> tuple[str, str]:
    """Return player and answer, or one line; the server lives on."""
    try:
        answer = recognition(path, read_label_box(text))
    except MGDMError as error:
        return '', render_error(str(error).replace(str(path), os.path.basename(path)))
    except Exception:
        traceback.print_exc()
        return '', render_error(_FAULT)
    return render_clip(path), render_answer(answer)
