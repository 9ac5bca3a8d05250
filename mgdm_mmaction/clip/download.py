"""Weights of open_clip's tags, from the cache or the hub, without minutes of retries."""

import functools
import threading
import time
from unittest import mock

import huggingface_hub
import open_clip
from huggingface_hub import constants

__all__ = ['download_tag']

# Seconds. The hub's client would try for about a minute to reach a host that is not there.
_PATIENCE = 8.0
_PAUSES = (1.0, 1.0, 0.0)


def download_tag(config: dict) -> str:
    """Return the file of a tag's weights; download them if they are not in the cache.

    Args:
        config (dict): What open_clip knows of the tag.

    Raises:
        ConnectionError: If the hub cannot be reached.
    """
    if config.get('hf_hub'):
        local = functools.partial(huggingface_hub.hf_hub_download, local_files_only=True)
        # open_clip chooses among names of files, but cannot be asked for those in the cache alone.
        with mock.patch.object(open_clip.pretrained, 'hf_hub_download', local):
            try:
                return open_clip.download_pretrained(config)
            except FileNotFoundError:
                pass
        _require_hub()
    return open_clip.download_pretrained(config)


def _require_hub() -> None:
    """Ask the hub for a sign of life, with its own client: proxies and mirrors count."""
    answered, errors = threading.Event(), []

    def ask() -> None:
        for pause in _PAUSES:
            try:
                huggingface_hub.get_session().head(constants.ENDPOINT, timeout=_PATIENCE)
            except Exception as error:
                # The client raises a class of its own library, which its versions differ in.
                errors.append(error)
                time.sleep(pause)
            else:
                answered.set()
                return

    # A thread, because looking up a name has no timeout of its own.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    if not answered.is_set():
        reason = str(errors[-1]) if errors else f'no answer within {_PATIENCE:.0f} s'
        raise ConnectionError(f'{constants.ENDPOINT}: {reason}')
