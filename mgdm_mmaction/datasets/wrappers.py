"""The data sets inside MMEngine's wrappers."""

from collections.abc import Iterator

from mmengine.dataset import BaseDataset

__all__ = ['base_datasets']


def base_datasets(dataset) -> Iterator[BaseDataset]:
    """Yield the data sets inside ``ConcatDataset``, ``RepeatDataset`` and the like.

    Args:
        dataset (Dataset): A data set, wrapped or not.
    """
    if isinstance(dataset, BaseDataset):
        yield dataset
    elif hasattr(dataset, 'datasets'):
        for inner in dataset.datasets:
            yield from base_datasets(inner)
    elif hasattr(dataset, 'dataset'):
        yield from base_datasets(dataset.dataset)
