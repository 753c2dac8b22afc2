#!/usr/bin/env python3
"""Reserves 2 MB pages while something runs, and gives the machine its own setting back, whatever ends the run.

usage: hugepages.py PAGES COMMAND...

A keeper, in a session of its own, holds one end of a pipe; when this process is gone, however it went, the pipe ends and the
keeper puts the old number back. A note in /run tells the next run the old number should the keeper itself be killed.
"""
import fcntl
import os
import signal
import subprocess
import sys

SETTING = "/proc/sys/vm/nr_hugepages"
NOTE = os.environ.get("FREEHOLD_HUGEPAGES_NOTE", "/run/freehold-bench.hugepages")


def reserved():
    with open(SETTING) as f:
        return int(f.read())


def reserve(pages):
    with open(SETTING, "w") as f:
        f.write(str(pages))


class HugePages:
    """with HugePages(700) as huge: huge.granted says whether the pages are there."""

    def __init__(self, pages):
        self.pages = pages
        self.granted = False

    def __enter__(self):
        try:
            self.note = os.open(NOTE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self.note, fcntl.LOCK_EX)
            before = int(os.read(self.note, 32) or reserved())
            os.pwrite(self.note, str(before).encode(), 0)
            self.start_keeper(before)
            reserve(before + self.pages)
            self.granted = reserved() >= before + self.pages
        except OSError as e:
            print(f"no huge pages: {e}", file=sys.stderr)
        return self

    def start_keeper(self, before):
        watched, self.alive = os.pipe()
        self.keeper = os.fork()
        if self.keeper:
            os.close(watched)
            return
        os.setsid()
        os.close(self.alive)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.read(watched, 1)
        reserve(before)
        os.unlink(NOTE)
        os._exit(0)

    def __exit__(self, *error):
        if hasattr(self, "alive"):
            os.close(self.alive)
            os.waitpid(self.keeper, 0)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    with HugePages(int(sys.argv[1])) as huge:
        if not huge.granted:
            sys.exit("hugepages: the machine does not give them")
        sys.exit(subprocess.call(sys.argv[2:]))


if __name__ == "__main__":
    main()
