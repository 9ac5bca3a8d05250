"""The error of a video that cannot be read."""

__all__ = ['UnreadableVideoError']


class UnreadableVideoError(Exception):
    """A video, or a part of it, cannot be decoded; the message is the reason in one line."""
