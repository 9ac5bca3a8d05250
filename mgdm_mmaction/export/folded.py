"""The recogniser as it leaves the house: video side and two small matrices in place of texts."""

import copy

import torch
from torch import Tensor, nn

from ..errors import MGDMError
from ..models import MGDM

__all__ = ['INPUTS', 'FoldedRecognizer']

INPUTS = ('uint8', 'float32')


class FoldedRecognizer(nn.Module):
    """A trained recogniser with its class texts folded in, as a plain module.

    Neither text tower nor discriminator nor corpus remain: their result for the classes is two
    matrices [C, D], the guides of eq. 15 and the discriminated texts of eq. 16 (MGDM, DOI
    10.11959/j.issn.1000-436x.2024268). Everything else is a copy of the recogniser's own modules,
    so that later training of it changes nothing here.

    Args:
        recognizer (MGDM): The trained recogniser, on the CPU.
        input_type (str, optional): 'uint8' takes RGB frames as a decoder gives them and normalises
            them itself, 'float32' takes frames that are normalised already. Defaults to 'uint8'.
        attention (bool, optional): Return the attention over frames, too. Defaults to False.

    Attributes:
        num_frames (int): Frames T of a clip.
        image_size (tuple[int, int]): Height and width of a frame.
        output_names (tuple[str, ...]): Names of what :meth:`forward` returns.

    Raises:
        ValueError: If ``input_type`` is unknown.
        MGDMError: If the recogniser is no MGDM, or its frames are prepared in another way than by
            mean and standard deviation of a channel.

    Example:
        >>> folded = FoldedRecognizer(recognizer)  # doctest: +SKIP
        >>> probabilities, logits = folded(frames)  # doctest: +SKIP
    """

    def __init__(
        self, recognizer: MGDM, input_type: str = 'uint8', attention: bool = False
    ) -> None:
        super().__init__()
        if input_type not in INPUTS:
            raise ValueError(f"`input_type` should be one of {INPUTS}, but got '{input_type}'")
        _check(recognizer)
        self.input_type = input_type
        self.num_frames = recognizer.neck.num_frames
        self.image_size = tuple(recognizer.backbone.image_size)
        self.output_names = ('probabilities', 'logits', *(('attention',) if attention else ()))
        # A module of the same names, so that a weight is found under the name it was trained with.
        self.backbone = copy.deepcopy(recognizer.backbone.visual)
        self.neck = copy.deepcopy(recognizer.neck)
        if recognizer.backbone.with_cp:
            # Recomputing saves memory in training; in an exported graph it would be a detour.
            self.backbone.set_grad_checkpointing(False)
        with torch.no_grad():
            guides, texts = recognizer.cls_head.encode_classes()
            scale = recognizer.cls_head.scale()
        for name, values in (('guides', guides), ('texts', texts), ('scale', scale)):
            self.register_buffer(name, values.detach().clone())
        preprocessor = recognizer.data_preprocessor
        for name, neutral in (('mean', 0.0), ('std', 1.0)):
            values = getattr(preprocessor, name, torch.full((3, 1, 1), neutral))
            self.register_buffer(name, values.detach().clone())
        self.float().eval().requires_grad_(False)

    def forward(self, frames: Tensor) -> tuple[Tensor, ...]:
        """Score all classes.

        Args:
            frames (Tensor): Clips [N, T, 3, H, W]: RGB, uint8 in 0..255, or float32 normalised,
                as ``input_type`` says.

        Returns:
            tuple[Tensor, ...]: Probabilities [N, C], logits [N, C] and, where asked for, attention
            [N, T, C], which sums to 1 over T. All are float32.
        """
        if self.input_type == 'uint8':
            frames = self.normalize(frames)
        frames = self.backbone(frames.flatten(0, 1))  # [N * T, D]
        frames = self.neck(frames.unflatten(0, (-1, self.num_frames)))
        scores = self.neck.similarity(frames, self.guides, self.texts[:, None])
        logits = self.scale * scores.squeeze(-1)
        outputs = (logits.softmax(-1), logits)
        if 'attention' in self.output_names:
            outputs = (*outputs, self.neck.attention(frames, self.guides))
        return outputs

    def example_input(self, batch_size: int = 2, seed: int = 0) -> Tensor:
        """Make frames of noise, of the type that the module takes.

        Args:
            batch_size (int, optional): Clips N. Defaults to 2.
            seed (int, optional): Seed of the noise. Defaults to 0.

        Returns:
            Tensor: Clips [N, T, 3, H, W].
        """
        generator = torch.Generator().manual_seed(seed)
        shape = (batch_size, self.num_frames, 3, *self.image_size)
        pixels = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
        # Noise of every frame around a colour of its own: frames of equal noise look alike.
        tint = torch.randint(0, 256, (*shape[:3], 1, 1), dtype=torch.int16, generator=generator)
        pixels = ((pixels.to(torch.int16) + tint) // 2).to(torch.uint8)
        return pixels if self.input_type == 'uint8' else self.normalize(pixels)

    def normalize(self, pixels: Tensor) -> Tensor:
        """Normalise frames as the recogniser's own preprocessor does.

        Args:
            pixels (Tensor): RGB frames [..., 3, H, W] in 0..255.

        Returns:
            Tensor: The same in float32, normalised.
        """
        return (pixels.to(torch.float32) - self.mean) / self.std


def _check(recognizer: nn.Module) -> None:
    """Refuse what this module would not reproduce."""
    if not isinstance(recognizer, MGDM):
        raise MGDMError(
            f'only recognisers of type MGDM can be exported, got {type(recognizer).__name__}: '
            "`model.type` of the config should be 'MGDM'"
        )
    preprocessor = recognizer.data_preprocessor
    kind, layout = type(preprocessor).__name__, getattr(preprocessor, 'format_shape', None)
    if kind != 'ActionDataPreprocessor' or layout != 'NCHW':
        raise MGDMError(
            'the exported model normalises frames by the mean and standard deviation of an '
            f"ActionDataPreprocessor with format_shape='NCHW', but `model.data_preprocessor` is a "
            f'{kind} with format_shape={layout!r}'
        )
