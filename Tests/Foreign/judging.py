"""What the scripts of this folder share that bring a broker of their own: the program `kw` that KW names, in a process
whose memory can be looked at, or with BOOTSTRAP (and BROKER_PID, for the memory) a broker that runs already.

    KW=.build/debug/kw JARS=…/debezium/libs python Tests/Foreign/test_bad_input.py [part of a test's name]

Every test uses topics and groups of its own. A client that is not installed is skipped, and said so. Closes with
"N passed, M failed"; exits 1 when any failed.
"""

import base64
import glob
import os
import queue
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback
import uuid

BOOTSTRAP = os.environ.get("BOOTSTRAP", "")
HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = []
_broker = None
_broker_pid = int(os.environ.get("BROKER_PID", "0"))


class Skipped(Exception):
    pass


def test(function):
    TESTS.append(function)
    return function


def fresh(name):
    return f"{name}-{uuid.uuid4().hex[:8]}"


def equal(found, wanted, what="value"):
    assert found == wanted, f"{what}: found {found!r:.2000}, wanted {wanted!r:.2000}"


def wait(condition, what, seconds=20, pause=0.05):
    """Waits until the condition holds; what it says last is in the error."""
    end = time.time() + seconds
    while time.time() < end:
        found = condition()
        if found:
            return found
        time.sleep(pause)
    raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")


def installed(name):
    try:
        return __import__(name)
    except ImportError as error:
        raise Skipped(f"{name} is not installed") from error


def address():
    host, port = BOOTSTRAP.rsplit(":", 1)
    return host, int(port)


# --- the broker -----------------------------------------------------------------------------------------------------


def start_broker(*options):
    """Starts a broker; answers its process and address."""
    program = os.environ.get("KW") or sys.exit("give the broker's program as KW, or a running broker as BOOTSTRAP")
    process = subprocess.Popen(
        [program, "broker", "--listen", "127.0.0.1:0", "--log", os.environ.get("BROKER_LOG_LEVEL", "warning"), *options], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=open(os.environ.get("BROKER_LOG", os.devnull), "ab"), text=True)
    if not select.select([process.stdout], [], [], 20)[0]:
        process.kill()
        sys.exit("the broker did not start within 20 s")
    ready = process.stdout.readline()
    if "127.0.0.1:" not in ready:
        sys.exit(f"the broker did not start: {ready!r}")
    return process, "127.0.0.1:" + ready.split("127.0.0.1:")[1].split()[0].rstrip(".,;")


def adopt(process, bootstrap):
    """A broker that a script has started in its own way: `main` looks after it as after its own."""
    global BOOTSTRAP, _broker, _broker_pid
    _broker, BOOTSTRAP, _broker_pid = process, bootstrap, process.pid


def resident():
    """The broker's resident memory in MiB."""
    with open(f"/proc/{_broker_pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    raise AssertionError("the broker is gone")


def broker_is_known():
    return _broker_pid != 0 and os.path.exists(f"/proc/{_broker_pid}/status")


def main(*options):
    """Runs the tests whose names hold the first argument, against a broker with these options."""
    global BOOTSTRAP, _broker, _broker_pid
    if not BOOTSTRAP:
        _broker, BOOTSTRAP = start_broker(*options)
        _broker_pid = _broker.pid
        # For the modules that imported the name.
        for module in list(sys.modules.values()):
            if getattr(module, "BOOTSTRAP", None) == "":
                module.BOOTSTRAP = BOOTSTRAP
    # A SIGTERM from outside (`timeout`) also stops what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    passed = failed = skipped = 0
    try:
        for function in TESTS:
            if wanted not in function.__name__:
                continue
            started = time.time()
            try:
                function()
                passed += 1
                print(f"ok   {function.__name__} ({time.time() - started:.1f} s)", flush=True)
            except Skipped as reason:
                skipped += 1
                print(f"skip {function.__name__}: {reason}", flush=True)
            except SystemExit:
                raise
            except BaseException:  # one test's failure, whatever it is, must not hide the others
                failed += 1
                print(f"FAIL {function.__name__}", flush=True)
                traceback.print_exc(file=sys.stdout)
            if _broker and _broker.poll() is not None:
                failed += 1
                print(f"FAIL the broker has ended with status {_broker.returncode}", flush=True)
                break
    finally:
        stop_java()
        if _broker:
            _broker.terminate()
            try:
                _broker.wait(10)
            except subprocess.TimeoutExpired:
                _broker.kill()
    note = f", {skipped} skipped" if skipped else ""
    print(f"{passed} passed, {failed} failed{note}", flush=True)
    # Clients' threads that still run do not keep this process.
    os._exit(1 if failed or passed == 0 else 0)


# --- kcat -----------------------------------------------------------------------------------------------------------


def kcat(*arguments, stdin=None, timeout=30):
    if not shutil.which("kcat"):
        raise Skipped("kcat is not installed")
    done = subprocess.run(
        ["kcat", "-b", BOOTSTRAP, *arguments], input=stdin, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, f"kcat {' '.join(arguments)}: {done.stderr}"
    return done.stdout


# --- the Java client ------------------------------------------------------------------------------------------------


class Java:
    """One Java process (JavaPeer.java) that does what lines tell it. A line is words; a word with a colon in front is
    text in base64. Many calls may be on their way: each has a number, which its answer repeats. `program` names another
    class that takes JavaPeer's calls in its own way; it is compiled into `folder`."""

    def __init__(self, program=None, folder=None):
        jars = os.environ.get("JARS")
        if not jars or not shutil.which("java"):
            raise Skipped("no Java, or its jars are not named by JARS")
        path, main = f"{jars}/*", f"{HERE}/JavaPeer.java"
        if program:
            # The compiler, unlike the launcher, is not given a folder of jars.
            done = subprocess.run(
                ["java", "-XX:TieredStopAtLevel=1", "-m", "jdk.compiler/com.sun.tools.javac.Main", "-d", folder,
                 "-cp", ":".join(glob.glob(f"{jars}/kafka-clients-*.jar")), f"{HERE}/JavaPeer.java",
                 f"{HERE}/{program}.java"], capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, done.stderr
            path, main = f"{folder}:{path}", program
        self.process = subprocess.Popen(
            ["java", "-XX:TieredStopAtLevel=1", "-Xmx400m", "-cp", path, main, BOOTSTRAP],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.answers = {}
        self.lock = threading.Lock()
        self.count = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            words = line.split()
            if len(words) >= 2 and words[0] in ("ok", "fail") and words[1] in self.answers:
                self.answers[words[1]].put(
                    (words[0], [base64.b64decode(w[1:]).decode() if w != "null" else None for w in words[2:]]))
        for waiting in self.answers.values():
            waiting.put(("fail", ["the Java process has ended"]))

    def call(self, name, *arguments, timeout=40):
        """The texts that the call answers; a failure is an error with the exception's name."""
        with self.lock:
            self.count += 1
            number = str(self.count)
            self.answers[number] = queue.Queue()
            words = ["null" if a is None else ":" + base64.b64encode(str(a).encode()).decode() for a in arguments]
            self.process.stdin.write(" ".join([number, name, *words]) + "\n")
            self.process.stdin.flush()
        try:
            status, texts = self.answers[number].get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(f"Java's {name} did not answer within {timeout} s") from None
        if status == "fail":
            raise JavaError(texts[0])
        return texts


class JavaError(Exception):
    pass


_java = None


def java(*given, **named):
    """The one Java process, which the first call starts; arguments are those of Java."""
    global _java
    if _java is None:
        _java = Java(*given, **named)
    return _java


def stop_java():
    if _java:
        _java.process.kill()
