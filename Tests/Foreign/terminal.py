"""A program in a terminal of its own: what it writes goes through pyte, an emulator that is not ours, so that a test or a
recording sees what a person would see; and the terminal's mode can be compared with what it was."""

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time


class Terminal:
    def __init__(self, command, columns=100, rows=30, environment=None, errors=None):
        import pyte
        self.master, self.slave = os.openpty()
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.written = b""
        self._size(columns, rows)
        self.mode_before = termios.tcgetattr(self.slave)
        variables = dict(os.environ, TERM="xterm-256color")
        variables.pop("NO_COLOR", None)
        variables.update(environment or {})

        def own_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            command, stdin=self.slave, stdout=self.slave, stderr=errors or self.slave, env=variables,
            preexec_fn=own_terminal, close_fds=True)

    def _size(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns, rows):
        self.screen.resize(rows, columns)
        self._size(columns, rows)

    def send(self, keys, pause=0.0):
        """Keys as a terminal sends them; with a pause each byte alone."""
        data = keys.encode() if isinstance(keys, str) else keys
        for byte in [data[i:i + 1] for i in range(len(data))] if pause else [data]:
            os.write(self.master, byte)
            if pause:
                self.read(pause)

    def read(self, seconds=0.0):
        """Takes in what is written until the time is over."""
        end = time.time() + seconds
        while True:
            left = max(0.0, end - time.time())
            if not select.select([self.master], [], [], left)[0]:
                return
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            self.written += data
            # pyte passes a few private sequences on as text; terminals do not.
            self.stream.feed(data)
            if not data:
                return

    def lines(self):
        self.read()
        return [line.rstrip() for line in self.screen.display]

    def text(self):
        return "\n".join(self.lines())

    def until(self, condition, what, seconds=15):
        """Reads until the text of the screen is as wanted: a part of it, a pattern, or a function of it."""
        end = time.time() + seconds
        while True:
            self.read(0.05)
            text = "\n".join(line.rstrip() for line in self.screen.display)
            if callable(condition):
                found = condition(text)
            else:
                found = re.search(condition, text)
            if found:
                return found
            if time.time() > end:
                raise AssertionError(f"not within {seconds} s: {what}; the screen:\n{text}")
            if self.process.poll() is not None:
                self.read(0.2)
                raise AssertionError(f"the program has ended ({self.process.returncode}) before {what}:\n{text}")

    def end(self, seconds=10):
        """Waits for the program's end; answers its status."""
        end = time.time() + seconds
        while self.process.poll() is None:
            self.read(0.05)
            if time.time() > end:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"the program has not ended within {seconds} s")
        self.read(0.1)
        return self.process.returncode

    def is_restored(self):
        return termios.tcgetattr(self.slave) == self.mode_before

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)
