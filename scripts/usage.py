#!/usr/bin/env python3
"""How much CPU each part of a stack has taken so far, from /proc: `usage.py FILE NAME=PID…` writes it as JSON.

A part is its process with all that descend from it. PostgreSQL's is told apart by what its processes are for, Kafka Connect's
by what its threads are for, whose names Debezium and Kafka have given them. `took` compares two such files.
"""

import collections
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "compare"))
from sampler import TICKS, descendants, read_stat  # noqa: E402

# What a thread is for, by the beginning of its name, of which Linux keeps 15 characters.
JVM = "Connect: the JVM itself (compiling, garbage)"
THREADS = (
    ("debezium-", "Connect: decoding (Debezium)"),
    ("task-thread-", "Connect: converting"),
    ("kafka-producer-", "Connect: producing"),
    ("C1 ", JVM), ("C2 ", JVM), ("GC Thread", JVM), ("VM ", JVM), ("Sweeper", JVM),
)
OTHER_THREADS = "Connect: the rest"


def threads(pid, purposes, other):
    """Seconds by purpose."""
    found = collections.Counter()
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/comm", encoding="utf-8") as file:
                name = file.read()
            with open(f"/proc/{pid}/task/{thread}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        purpose = next((purpose for start, purpose in purposes if name.startswith(start)), other)
        found[purpose] += (int(fields[11]) + int(fields[12])) / TICKS
    return found


def command(pid):
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def busy():
    """Seconds of CPU of the whole machine: all but idle and waiting."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(field) for field in file.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS


def look(parts):
    stats = {int(name): read_stat(name) for name in os.listdir("/proc") if name.isdigit()}
    children = {}
    for pid, stat in stats.items():
        if stat:
            children.setdefault(stat[0], []).append(pid)
    seconds = {}
    for name, root in parts.items():
        pids = [pid for pid in descendants(root, children) if stats.get(pid)]
        total = sum(stats[pid][1] for pid in pids) / TICKS
        if name == "Connect":
            found = threads(root, THREADS, OTHER_THREADS)
            seconds |= found
            # Threads that have ended, such as those that compiled for a while.
            seconds[OTHER_THREADS] = total - sum(found.values()) + found[OTHER_THREADS]
        elif name == "PostgreSQL":
            decoding = sum(stats[pid][1] for pid in pids if "walsender" in command(pid)) / TICKS
            seconds["PostgreSQL: rows"] = total - decoding
            seconds["PostgreSQL: logical decoding"] = decoding
        else:
            seconds[name] = total
    return {"at": time.monotonic(), "busy": busy(), "seconds": seconds}


def took(first, last):
    """Between two looks: seconds that passed, and seconds of CPU by part; the rest of the machine is `elsewhere`."""
    seconds = {name: end - first["seconds"].get(name, 0) for name, end in last["seconds"].items()}
    seconds["elsewhere"] = last["busy"] - first["busy"] - sum(seconds.values())
    return last["at"] - first["at"], seconds


def main():
    path, *parts = sys.argv[1:]
    found = look({name: int(pid) for name, pid in (part.split("=") for part in parts)})
    with open(path, "w", encoding="utf-8") as file:
        json.dump(found, file)


if __name__ == "__main__":
    main()
