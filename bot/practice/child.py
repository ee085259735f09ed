"""Runs a program that must not outlive the one that started it: `python -m bot.practice.child PROGRAM ...`.

On Linux the kernel sends SIGTERM to the child when its parent dies, even by `kill -9` (prctl(2), PR_SET_PDEATHSIG; it
stays set over exec). Elsewhere the program simply runs.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Replaces this process by the program in the arguments."""
    program = sys.argv[1:]
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(1)
    os.execvp(program[0], program)  # noqa: S606 (the practice server chose the program)


if __name__ == "__main__":
    main()
