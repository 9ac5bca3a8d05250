"""A recogniser with its class texts folded in, as it is exported: pixels in, probabilities out."""

import torch
from torch import Tensor, nn

from ..errors import MGDMError
from ..models import CLIPRecognizer

__all__ = ['INPUTS', 'ExportableRecognizer']

INPUTS = ('uint8', 'float32')


class ExportableRecognizer(nn.Module):
    """``recognizer.folded()`` between the normalisation of frames and a softmax.

    Args:
        recognizer (CLIPRecognizer): The trained recogniser; it is copied.
        input_type (str, optional): 'uint8' for frames as decoders give them, normalised inside;
            'float32' for normalised ones. Defaults to 'uint8'.
        attention (bool, optional): Return the weights of frames, too. Defaults to False.

    Attributes:
        num_frames (int): Frames T of a clip.
        image_size (tuple[int, int]): Height and width of a frame.
        output_names (tuple[str, ...]): Names of what :meth:`forward` returns.

    Raises:
        MGDMError: If frames are prepared in another way than by mean and standard deviation of a
            channel, or the recogniser has no weights of frames.

    Example:
        >>> exportable = ExportableRecognizer(recognizer)  # doctest: +SKIP
        >>> probabilities, logits = exportable(frames)  # doctest: +SKIP
    """

    def __init__(
        self, recognizer: CLIPRecognizer, input_type: str = 'uint8', attention: bool = False
    ) -> None:
        super().__init__()
        preprocessor = recognizer.data_preprocessor
        kind, layout = type(preprocessor).__name__, getattr(preprocessor, 'format_shape', None)
        if kind != 'ActionDataPreprocessor' or layout != 'NCHW':
            raise MGDMError(
                'the exported model normalises frames by the mean and standard deviation of an '
                "ActionDataPreprocessor with format_shape='NCHW', but `model.data_preprocessor` is "
                f'a {kind} with format_shape={layout!r}'
            )
        self.input_type = input_type
        self.recognizer = recognizer.folded()
        self.num_frames = self.recognizer.num_frames
        self.image_size = self.recognizer.image_size
        self.output_names = ('probabilities', 'logits', *(('attention',) if attention else ()))
        for name, neutral in (('mean', 0.0), ('std', 1.0)):
            values = getattr(preprocessor, name, torch.full((3, 1, 1), neutral))
            self.register_buffer(name, values.detach().clone())
        self.float().eval().requires_grad_(False)
        if (
            attention
            and 'frames'
            not in self.recognizer.forward_explained(self.normalize(self._pixels(1, 0)))[1]
        ):
            raise MGDMError(
                f'--attention: {type(recognizer).__name__} has no weights of frames; leave it out'
            )

    def forward(self, frames: Tensor) -> tuple[Tensor, ...]:
        """Score all classes.

        Args:
            frames (Tensor): Clips [N, T, 3, H, W]: RGB, uint8 in 0..255, or float32 normalised,
                as ``input_type`` says.

        Returns:
            tuple[Tensor, ...]: Probabilities [N, C], logits [N, C] and, where asked for, how much
            each class looked at each frame [N, T, C]. All are float32.
        """
        if self.input_type == 'uint8':
            frames = self.normalize(frames)
        if 'attention' not in self.output_names:
            logits = self.recognizer(frames)
            return self.recognizer.recognizer.probabilities(logits), logits
        logits, weights = self.recognizer.forward_explained(frames)
        return self.recognizer.recognizer.probabilities(logits), logits, weights['frames']

    def example_input(self, batch_size: int = 2, seed: int = 0) -> Tensor:
        """Make clips of noise [N, T, 3, H, W], of the type that the module takes."""
        pixels = self._pixels(batch_size, seed)
        return pixels if self.input_type == 'uint8' else self.normalize(pixels)

    def normalize(self, pixels: Tensor) -> Tensor:
        """Normalise RGB frames [..., 3, H, W] in 0..255 as the recogniser's preprocessor does."""
        return (pixels.to(torch.float32) - self.mean) / self.std

    def _pixels(self, batch_size: int, seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        shape = (batch_size, self.num_frames, 3, *self.image_size)
        pixels = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
        # Noise of every frame around a colour of its own: frames of equal noise look alike.
        tint = torch.randint(0, 256, (*shape[:3], 1, 1), dtype=torch.int16, generator=generator)
        return ((pixels.to(torch.int16) + tint) // 2).to(torch.uint8)
