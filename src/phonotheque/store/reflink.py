"""Two files that share their blocks until one of them is written to: a copy that costs nothing.

Source: ioctl_ficlone(2), Linux; Btrfs, XFS, bcachefs and others can.
"""

from __future__ import annotations

import errno
import fcntl

_FICLONE = 0x40049409  # linux/fs.h
_CANNOT = (errno.EOPNOTSUPP, errno.EXDEV, errno.EINVAL, errno.ENOTTY)


def share_blocks(source: int, target: int) -> bool:
    """Try to let an empty file share the blocks of another; whether the file system could.

    Args:
        source: Descriptor of the file that has them.
        target: Descriptor of the empty file, open to write.

    Raises:
        OSError: The disk refused for another reason than that it cannot do this.
    """
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError as error:
        if error.errno in _CANNOT:
            return False
        raise
    return True
