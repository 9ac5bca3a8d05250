"""Which of a video's mined negatives it is trained against this time."""

import numpy as np

from ...errors import MGDMError

__all__ = ['NegativeChoice']


class NegativeChoice:
    r"""Take the k hardest negatives from a rank on, or draw k out of a window of ranks.

    A draw is without replacement; label j has a chance in proportion to
    :math:`\exp(s_j / \mathrm{temperature})`, with its mined score :math:`s_j` (a cosine), and the
    same chance as the others without a temperature. ``start`` greater than 1 leaves out the
    hardest, as with "semi-hard" negatives (FaceNet, arXiv 1503.03832, section 3.2).

    Args:
        k (int): Negatives a video.
        start (int, optional): Rank of the first candidate, from 1. Defaults to 1.
        pool (int, optional): Number of candidates that k are drawn from. Defaults to None: no draw,
            the first k candidates.
        temperature (float, optional): Of the draw, in cosines: CLIP's own is 0.01. Defaults to
            None: all candidates alike.

    Raises:
        MGDMError: If an argument is out of range, or does nothing.
    """

    def __init__(
        self, k: int, start: int = 1, pool: int | None = None, temperature: float | None = None
    ) -> None:
        if not isinstance(k, int) or k < 0:
            raise MGDMError(f'AttachHardNegatives: k={k!r}; expected 0 or more negatives.')
        if not isinstance(start, int) or start < 1:
            raise MGDMError(f'AttachHardNegatives: start={start!r}; ranks count from 1.')
        if pool is not None and (not isinstance(pool, int) or pool < k):
            raise MGDMError(
                f'AttachHardNegatives: pool={pool!r}; expected at least the k={k} negatives that '
                'are drawn from it.'
            )
        if temperature is not None and pool is None:
            raise MGDMError(
                f'AttachHardNegatives: temperature={temperature!r} without pool; set pool to the '
                'number of ranks to draw from.'
            )
        if temperature is not None and not temperature > 0:
            raise MGDMError(
                f'AttachHardNegatives: temperature={temperature!r}; expected more than 0, in '
                'cosines.'
            )
        self.k = k
        self.start = start
        self.pool = pool
        self.temperature = temperature

    @property
    def last(self) -> int:
        """The last rank that is needed, 0 if none is."""
        return self.start + (self.pool or self.k) - 1 if self.k else 0

    def __call__(self, negatives: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Choose for a video.

        Args:
            negatives (np.ndarray): Its mined negatives, hardest first.
            scores (np.ndarray): Their scores.

        Returns:
            np.ndarray: k of them, hardest first.
        """
        first = self.start - 1
        if self.pool is None:
            return negatives[first : first + self.k]
        keys = np.zeros(self.pool)
        if self.temperature is not None:
            keys = scores[first : first + self.pool].astype(np.float64) / self.temperature
        # The largest of log-chances with Gumbel noise are a draw without replacement (Kool et al.,
        # Stochastic Beams, ICML 2019). NumPy's global generator: MMEngine seeds it in workers.
        keys = keys + np.random.gumbel(size=self.pool)
        return negatives[first + np.sort(np.argsort(-keys)[: self.k])]
