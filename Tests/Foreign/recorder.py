"""What recordings of programs in a terminal share: programs that are started and, however it ends, stopped; and screens as text."""

import os
import signal
import subprocess
import sys
import threading

started = []


def start(*command):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    started.append(process)
    return process


def drained(process):
    """Reads on what the program writes, so that it never waits."""
    threading.Thread(target=process.stdout.read, daemon=True).start()


def address(broker):
    """The address that kw broker says it is ready on."""
    return broker.stdout.readline().split("ready on ")[1].split(",")[0].split()[0]


def show(title, view):
    """A screen, without what is empty at its right."""
    print(f"\n## {title}\n")
    print("\n".join(view.lines()).rstrip())


def record(main):
    """Runs it, and ends the program."""
    try:
        main()
    finally:
        for process in reversed(started):
            process.send_signal(signal.SIGTERM)
        for process in reversed(started):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        sys.stdout.flush()
        os._exit(1 if sys.exc_info()[0] else 0)
