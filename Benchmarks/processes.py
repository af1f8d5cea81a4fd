"""The processes of the comparisons: the broker, and the programs that are measured with it."""

import json
import os
import re
import subprocess
import sys
import time


def cpu_seconds(pid):
    """CPU seconds of a process so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid, name):
    """VmRSS or VmHWM, the most so far, of a process in MB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(name + r":\s+(\d+)", file.read()).group(1)) / 1024


def most(name):
    """What Benchmarks/thresholds.tsv says that a figure may be at most."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "thresholds.tsv"), encoding="utf-8") as file:
        for line in file:
            if line.split("\t")[0] == name:
                return float(line.split("\t")[1])
    sys.exit(f"bench: Benchmarks/thresholds.tsv has no row called {name}")


class Broker:
    """The embedded broker in a process of its own."""

    def __init__(self, kw, *options, listens=True):
        """With options of `kw broker`; `listens` is False where they say where."""
        began = time.monotonic()
        self.process = subprocess.Popen(
            [kw, "broker", *(["--listen", "127.0.0.1:0"] if listens else []), *options],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        line = self.process.stdout.readline()
        self.start_ms = (time.monotonic() - began) * 1000
        found = re.search(r"ready on (\S+)", line)
        if not found:
            self.stop()
            sys.exit(f"bench: the broker did not start: {line.strip() or 'it said nothing'}")
        self.address = found.group(1)

    def cpu(self):
        """CPU seconds so far."""
        return cpu_seconds(self.process.pid)

    def memory(self, name="VmRSS"):
        """MB now, or at most so far (VmHWM)."""
        return memory_mb(self.process.pid, name)

    def stop(self):
        stop(self.process)


def stop(process):
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run(command, limit=180):
    """Runs a program of the comparison; its last line is JSON, or nothing."""
    return run_together([command], limit)[0]


def run_together(commands, limit=180):
    """Runs programs at the same time; the last line of each is JSON, or nothing."""
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for command in commands
    ]
    results = []
    try:
        for command, process in zip(commands, processes):
            output, errors = process.communicate(timeout=limit)
            if process.returncode != 0:
                sys.exit(f"bench: {' '.join(command)} failed: {errors.strip()}")
            lines = output.strip().splitlines()
            results.append(json.loads(lines[-1]) if lines else None)
    finally:
        for process in processes:
            stop(process)
    return results
