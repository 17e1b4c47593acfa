"""The identity of a lease holder: host, process, start time and a token."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from uuid import uuid4


@dataclass(frozen=True)
class Holder:
    """A process that holds a lease; each time it takes one it gets a new token.

    started: clock ticks from the boot of the machine to the start of the process; 0 when unknown.
    """

    host: str
    process: int
    started: int
    token: str

    @classmethod
    def this_process(cls) -> Self:
        """This process, with a new token."""
        return cls(socket.gethostname(), os.getpid(), _start_ticks(os.getpid()), uuid4().hex[:12])

    @classmethod
    def parse(cls, text: str) -> Self:
        """The holder that is stored as text."""
        host, process, started, token = text.rsplit("/", 3)
        return cls(host, int(process), int(started), token)

    def __str__(self) -> str:
        return f"{self.host}/{self.process}/{self.started}/{self.token}"

    @property
    def has_exited(self) -> bool:
        """Whether this was a process of this host that no longer runs; False for other hosts."""
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return _start_ticks(self.process) != self.started


def _start_ticks(process: int) -> int:
    """When a process started, in clock ticks since boot; 0 when the system does not show it."""
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0
