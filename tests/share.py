"""`python -m tests.share [OPTIONS OF PYTEST]`: as `python -m pytest`, and gone once all is said.

A process that tested has hundreds of thousands of objects. An interpreter that ends takes them
apart one by one, which takes it a second; the system takes back all of their memory at once.
"""

import atexit
import os
import sys

import pytest

if __name__ == "__main__":
    status = pytest.main(sys.argv[1:])
    atexit._run_exitfuncs()  # of libraries that leave something behind: files, other processes
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)
