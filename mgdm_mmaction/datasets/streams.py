"""Files without an index, of which decord gives other frames than it is asked for."""

__all__ = ['is_stream']


def is_stream(path: str) -> bool:
    """Say whether a file is an MPEG program or transport stream, or flv, whatever it is named.

    These have no index of their frames. decord 0.6.0 seeks in them by guess and silently gives
    frames of other moments (dmlc/decord#54 is of that kind).

    Args:
        path (str): A local file.
    """
    with open(path, 'rb') as file:
        head = file.read(200)
    if head.startswith((b'\0\0\x01\xba', b'\0\0\x01\xb3', b'FLV')):
        return True
    # Packets of 188 bytes, with a time of 4 bytes before each in m2ts.
    return head[0:1] == head[188:189] == b'G' or head[4:5] == head[196:197] == b'G'
