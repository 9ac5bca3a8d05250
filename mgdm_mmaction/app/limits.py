"""What a visitor of the page may ask for."""

from dataclasses import dataclass

from ..errors import MGDMError

__all__ = ['MEGABYTE', 'Limits', 'read_label_box']

# As Gradio counts.
MEGABYTE = 1 << 20

# Beyond these a text box is no list of labels but a mistake, and encoding it would take minutes.
MAX_LABELS = 1000
MAX_LABEL_LENGTH = 200


@dataclass(frozen=True)
class Limits:
    """Limits of the page.

    Args:
        max_size (float, optional): Largest clip, in megabytes of 2^20 bytes. Defaults to 200.
        max_duration (float, optional): Longest clip, in seconds. Defaults to 120.
        queue (int, optional): Requests that may wait while one is answered. Defaults to 8.
    """

    max_size: float = 200.0
    max_duration: float = 120.0
    queue: int = 8

    def __post_init__(self) -> None:
        for name, value in (('max-size', self.max_size), ('max-duration', self.max_duration)):
            if not 0 < value < float('inf'):
                raise MGDMError(f'--{name} {value:g}: expected a number above 0.')
        if self.queue < 1:
            raise MGDMError(f'--queue {self.queue}: expected at least 1.')

    @property
    def max_bytes(self) -> int:
        """int: ``max_size`` in bytes."""
        return int(self.max_size * MEGABYTE)


def read_label_box(text: str | None) -> list[str] | None:
    """Read the labels that a visitor typed, one a line; empty lines do not count.

    Returns:
        list[str] | None: The labels; None if there are none: the checkpoint's own are meant.

    Raises:
        MGDMError: If there are too many, or one is far too long.
    """
    labels = [line.strip() for line in (text or '').splitlines() if line.strip()]
    if len(labels) > MAX_LABELS:
        raise MGDMError(f'{len(labels)} labels; this page takes up to {MAX_LABELS}.')
    for number, label in enumerate(labels, 1):
        if len(label) > MAX_LABEL_LENGTH:
            raise MGDMError(
                f'Label {number} has {len(label)} characters; up to {MAX_LABEL_LENGTH} make sense. '
                'Write one short label a line.'
            )
    return labels or None
