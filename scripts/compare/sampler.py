#!/usr/bin/env python3
"""What the parts of a run use, once a second, from /proc: `sampler.py PARTS-FILE OUTPUT`, until SIGTERM.

PARTS-FILE has lines `NAME PID`, and more come while parts start. A part is its process with all that descend from it. Lines of
JSON: `at_us`, and for each part the seconds of CPU since it began and its memory in KiB. Memory is the proportional set size:
pages that processes share, as PostgreSQL's do, count once.
"""

import json
import os
import signal
import sys
import time

TICKS = os.sysconf("SC_CLK_TCK")


def read_stat(pid):
    """Parent and ticks of CPU (its own, and of children that have ended) of a process; None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return int(fields[1]), sum(int(field) for field in fields[11:15])


def memory(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def descendants(root, children):
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


class Sampler:
    def __init__(self):
        self.cpu = {}

    def sample(self, parts):
        """One line's parts. A part that has ended keeps its last time."""
        stats = {int(name): read_stat(name) for name in os.listdir("/proc") if name.isdigit()}
        children = {}
        for pid, stat in stats.items():
            if stat:
                children.setdefault(stat[0], []).append(pid)
        line = {}
        for name, root in parts.items():
            pids = [pid for pid in descendants(root, children) if stats.get(pid)]
            ticks = sum(stats[pid][1] for pid in pids)
            # A child that ended is in its parent's sum a moment later.
            self.cpu[name] = max(self.cpu.get(name, 0), ticks / TICKS)
            line[name] = [round(self.cpu[name], 2), sum(memory(pid) for pid in pids)]
        return line


def read_parts(path):
    with open(path, encoding="utf-8") as file:
        return {name: int(pid) for name, pid in (line.split() for line in file)}


def main():
    parts_file, output = sys.argv[1:]

    def ended(*_):
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, ended)
    sampler = Sampler()
    with open(output, "w", encoding="utf-8", buffering=1) as file:
        while True:
            began = time.time()
            parts = sampler.sample(read_parts(parts_file))
            print(json.dumps({"at_us": int(began * 1e6), "parts": parts}), file=file)
            time.sleep(max(0.2, began + 1 - time.time()))


if __name__ == "__main__":
    main()
