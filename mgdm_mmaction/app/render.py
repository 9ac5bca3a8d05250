"""The answer as HTML. Every text of a visitor or a file is escaped."""

from html import escape
from urllib.parse import quote

import numpy as np

from .recognition import Answer

__all__ = ['render_answer', 'render_clip', 'render_error', 'render_hint']


def render_error(message: str) -> str:
    """Return a mistake as one line."""
    return f'<p class="mgdm-error" role="alert">{escape(" ".join(message.split()))}</p>'


def render_hint(message: str) -> str:
    """Return a line that says what to do."""
    return f'<p class="mgdm-hint">{escape(message)}</p>'


def render_clip(path: str) -> str:
    """Return a player of the clip; where the browser cannot play it, nothing."""
    url = escape(f'/gradio_api/file={quote(str(path))}')
    return (
        f'<video class="mgdm-player" src="{url}" controls muted playsinline preload="metadata" '
        'onerror="this.remove()"></video>'
    )


def render_answer(answer: Answer) -> str:
    """Return scores, frames with what each label looked at, and what training told apart.

    Args:
        answer (Answer): K labels and T frames.

    Returns:
        str: HTML.
    """
    return (
        '<section class="mgdm-answer" aria-live="polite">'
        + _headline(answer)
        + _frames(answer)
        + _told_apart(answer)
        + '</section>'
    )


def _headline(answer: Answer) -> str:
    seen = f'{len(answer.frames)} frames seen of a clip of {answer.end:.1f} s'
    number = f'{answer.num_labels} label{"s" if answer.num_labels > 1 else ""}'
    return (
        f'<h2>{escape(answer.labels[0])} <span class="mgdm-score">{answer.scores[0]:.1%}</span>'
        f'</h2><p class="mgdm-facts">the best of {number}; {seen}</p>'
    )


def _frames(answer: Answer) -> str:
    """A column a frame, a row a label: where each of them looked."""
    head = ''.join(
        f'<th scope="col"><img src="{uri}" alt="the frame at {time:.2f} s">{time:.2f} s</th>'
        for uri, time in zip(answer.frames, answer.frame_times, strict=True)
    )
    # One scale for all rows, so that a label that looks at everything alike shows as low bars.
    scale = max(float(answer.attention.max()), 1e-9)
    rows = ''
    for label, score, weights in zip(answer.labels, answer.scores, answer.attention, strict=True):
        best = int(np.argmax(weights))
        cells = ''.join(
            f'<td{" class=mgdm-most" if at == best else ""} '
            f'title="{escape(label)}: {weight:.0%} of its attention at {time:.2f} s">'
            f'<span class="mgdm-bar" style="height:{max(weight / scale, 0.02):.0%}"></span>'
            f'<span class="mgdm-value">{_percent(weight)}</span></td>'
            for at, (weight, time) in enumerate(zip(weights, answer.frame_times, strict=True))
        )
        rows += (
            f'<tr><th scope="row"><span class="mgdm-name"><span class="mgdm-label">{escape(label)}'
            f'</span><span class="mgdm-score">{score:.1%}</span></span>'
            f'<span class="mgdm-track"><span style="width:{score:.1%}"></span></span></th>'
            f'{cells}</tr>'
        )
    return (
        '<h3>Scores, and the frames that each label looked at</h3>'
        '<div class="mgdm-scroll" tabindex="0"><table class="mgdm-frames">'
        f'<thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
        '<p class="mgdm-facts">A row adds up to 100 % of the attention of its label; the frame '
        'that it looked at most is framed.</p>'
    )


def _percent(weight: float) -> str:
    # A row of zeros hides what is there.
    return f'{weight:.0%}' if weight >= 0.005 else ''


def _told_apart(answer: Answer) -> str:
    """What the best label was trained against."""
    if not answer.has_negatives:
        return ''
    label = escape(answer.labels[0])
    if not answer.neighbours:
        return (
            '<h3>What training told it apart from</h3>'
            f'<p class="mgdm-facts">“{label}” is no class that this checkpoint was trained on with '
            'negatives.</p>'
        )
    rows = ''.join(
        f'<tr><th scope="row">{escape(item.label)}</th><td>{item.share:.0%}</td>'
        f'<td>{"" if score is None else f"{score:.1%}"}</td></tr>'
        for item, score in answer.neighbours
    )
    return (
        f'<h3>What training told “{label}” apart from</h3>'
        '<table class="mgdm-apart"><thead><tr><th scope="col">hardest first</th>'
        '<th scope="col">of its training clips</th><th scope="col">this clip</th></tr></thead>'
        f'<tbody>{rows}</tbody></table>'
        '<p class="mgdm-facts">The labels that the mining CLIP most easily takes its training '
        'clips for: the part of these clips that were trained against each, and the score of each '
        'here.</p>'
    )
