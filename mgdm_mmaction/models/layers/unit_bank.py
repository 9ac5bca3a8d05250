"""The texts of semantic units as CLIP embeddings."""

import logging
from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.logging import print_log
from torch import Tensor

from ...errors import MGDMError
from ...text.bank import TextBank, read_labels_state
from ...text.corpus import DEFAULT_PROMPT, LabelCorpus, normalize_label
from ...units import KINDS, Unit, UnitsFile, read_units

__all__ = ['UnitBank']


class UnitBank(TextBank):
    """A frozen text bank of S units, which can be exchanged without training.

    A checkpoint carries the units: where the file is not on this machine, those of the checkpoint
    are used, with a warning. With ``open_vocabulary`` a missing file is an error.

    Args:
        file (str | Path | UnitsFile): The units: a file, the name of a packaged one, or read ones.
        arch (str): CLIP architecture of the text tower.
        pretrained (str, optional): CLIP weights. Defaults to None, random weights.
        kinds (Sequence[str], optional): Kinds of units to use. Defaults to all.
        prompt (str | Sequence[str]): As of the classes.
        quick_gelu (bool, optional): Activation of the tower. Defaults to None.
        open_vocabulary (bool): Test a checkpoint that was trained with other units, on these.
            Defaults to False.
    """

    def __init__(
        self,
        file: str | Path | UnitsFile,
        arch: str,
        pretrained: str | None = None,
        kinds: Sequence[str] = KINDS,
        prompt: str | Sequence[str] = DEFAULT_PROMPT,
        quick_gelu: bool | None = None,
        open_vocabulary: bool = False,
    ) -> None:
        self._problem: MGDMError | None = None
        self.units: list[Unit] = []
        try:
            units = file if isinstance(file, UnitsFile) else read_units(file)
        except MGDMError as error:
            if open_vocabulary or Path(str(file)).exists():
                raise
            self._problem = error
        else:
            self.units = units.of_kinds(kinds).units
        texts = [unit.text for unit in self.units] or ['unknown']
        super().__init__(
            LabelCorpus(texts, prompt=prompt), arch, pretrained, quick_gelu, open_vocabulary
        )
        # The last answer of of_classes: a training step asks for the same one each time.
        self._members: tuple[tuple, Tensor] | None = None

    @property
    def names(self) -> list[str]:
        """list[str]: Names of the units, without their descriptions."""
        return [label.split(',')[0] for label in self.classes]

    def set_units(self, file: str | Path | UnitsFile, kinds: Sequence[str] = KINDS) -> None:
        """Look for other units from now on, without training.

        Raises:
            MGDMError: If they cannot be read, or not be encoded.
        """
        units = (file if isinstance(file, UnitsFile) else read_units(file)).of_kinds(kinds).units
        self.set_classes([unit.text for unit in units])
        self.units = units

    def of_classes(self, classes: Sequence[str]) -> Tensor:
        """Return which units belong to which classes, as their file says: bool [C, S]."""
        key = tuple(classes), self.units
        if self._members is not None and self._members[0] == key:
            return self._members[1]
        place = {normalize_label(name): i for i, name in enumerate(classes)}
        found = torch.zeros(len(classes), len(self.class_ids), dtype=torch.bool)
        for s, unit in enumerate(self.units):
            for action in unit.actions:
                if (i := place.get(normalize_label(action))) is not None:
                    found[i, s] = True
        self._members = key, found
        return found

    def init_weights(self) -> None:
        """Encode all units with the weights of ``pretrained``."""
        if self._problem is not None:
            raise self._problem
        super().init_weights()

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args) -> None:
        state = state_dict.get(f'{prefix}_extra_state')
        if self._problem is not None and state is not None:
            saved, _ = read_labels_state(state)
            if saved is not None:
                self._set_corpus(saved, state_dict[f'{prefix}embeddings'].to(self.embeddings))
                count = len(self.class_ids)
                message = f'{self._problem} The {count} units of the checkpoint are used instead.'
                print_log(message, 'current', logging.WARNING)
        super()._load_from_state_dict(state_dict, prefix, *args)

    def _check_open(self, saved: LabelCorpus) -> None:
        if self.open_vocabulary and saved.prompt == self.corpus.prompt:
            return
        raise MGDMError(
            'the checkpoint was trained with other semantic units than those of the config '
            f'(`model.units`): {saved.difference(self.corpus)}. Test with the units it was trained '
            'with, or, for others, with the same prompt and `cls_head.open_vocabulary=True`'
        )
