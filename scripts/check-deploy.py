#!/usr/bin/env python3
"""Checks what is in deploy/, and that every program has its place there: check-deploy.py [FOLDER]. Exits 1 and says what differs.

No Docker is needed. hadolint (from .venv) and systemd-analyze are asked where they are here; one that is not is told.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent)
DEBIAN = {"11": "bullseye", "12": "bookworm", "13": "trixie"}
# The exposure that systemd-analyze security may find at most, in tenths: what a program with a network cannot be without.
EXPOSURE = 15

skipped = []


def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


def words(pattern, path):
    """The words of a list in a file, of which the pattern finds the inside."""
    found = re.search(pattern, text(path), re.DOTALL | re.MULTILINE)
    return re.findall(r'[^\s",]+', found[1]) if found else []


def program_differences():
    """Every program of Package.swift is in the list of images, and nothing else."""
    manifest = text("Package.swift")
    products = dict(re.findall(r'\.executable\(name: "([^"]+)", targets: \["(\w+)"\]\)', manifest))
    for target in sorted(set(re.findall(r'\bprogram\(\s*\.\w+, "(\w+)"', manifest)) - set(products.values())):
        yield f"Package.swift: the program {target} is no product, which an image is built of"
    images = words(r"\bprogram = \[(.*?)\]", "deploy/docker-bake.hcl")
    for name in sorted(set(products) - set(images)):
        yield f"deploy/docker-bake.hcl: the program {name} is missing"
    for name in sorted(set(images) - set(products)):
        yield f"deploy/docker-bake.hcl: {name} is no program of Package.swift"
    if len(images) != len(set(images)):
        yield "deploy/docker-bake.hcl: a program stands there twice"


def container_differences():
    """The container file has all that a build needs, and fits itself."""
    manifest, file = text("Package.swift"), re.sub(r"^#.*\n", "", text("deploy/Dockerfile"), flags=re.MULTILINE)
    copied = [word for line in re.findall(r"^COPY (?!--from)(.*)$", file, re.MULTILINE) for word in line.split()[:-1]]
    seen = [line[1:] for line in text("deploy/Dockerfile.dockerignore").splitlines() if line.startswith("!")]
    for path in sorted(set(copied) ^ set(seen)):
        yield f"deploy/Dockerfile: {path} is {'not let in by' if path in copied else 'let in for nothing by'} its .dockerignore"
    for path in copied:
        if not (ROOT / path).exists():
            yield f"deploy/Dockerfile: it copies {path}, which is not there"
    for path in sorted({"Package.swift", *re.findall(r'path: "(\w+)/', manifest)} - set(copied)):
        yield f"deploy/Dockerfile: it does not copy {path}, which Package.swift names"
    if not re.search(r"^RUN scripts/setup\.sh native$", file, re.MULTILINE):
        yield "deploy/Dockerfile: it does not install what the build links by scripts/setup.sh native"
    native = words(r"^native_packages=\((.*?)\)", "scripts/setup.sh")
    for package in sorted(set(re.findall(r'\.apt\(\["([^"]+)"', manifest)) - set(native)):
        yield f"scripts/setup.sh: the native group lacks {package}, which Package.swift names"
    base = re.search(r"^FROM \S+-debian(\d+)", file, re.MULTILINE)
    build = re.search(r"^FROM swift:(\d+)\.(\d+)[\d.]*-(\w+)", file, re.MULTILINE)
    tools = re.search(r"swift-tools-version: (\d+)\.(\d+)", manifest)
    if not base or not build:
        yield "deploy/Dockerfile: it is not built by swift:VERSION-DEBIAN for an image …-debianN"
    else:
        if DEBIAN.get(base[1]) != build[3]:
            yield f"deploy/Dockerfile: it is built on {build[3]} for Debian {base[1]}; the two have different glibcs"
        if (int(build[1]), int(build[2])) < (int(tools[1]), int(tools[2])):
            yield f"deploy/Dockerfile: Swift {build[1]}.{build[2]} is older than Package.swift wants"


def agent_differences():
    """Agents are started with options that they have, and get the time to end that they take."""
    compose, unit = text("docker-compose.yml"), text("deploy/kafkawire-agent@.service")
    compose = compose[compose.index("\nx-agent:"):compose.index("\nservices:")]
    sources = "\n".join(
        path.read_text(encoding="utf-8") for folder in ("Pipeline/AgentRuntime", "Shared/ClientSetup")
        for path in sorted((ROOT / "Sources/Apps" / folder).glob("*.swift")))
    started = r"^ExecStart=/usr/local/bin/%i .*|\bOPTIONS=.*|^ *args:.*"
    for place, part in (("docker-compose.yml", re.sub(r"#.*", "", compose)),
                        ("deploy/kafkawire-agent@.service", "\n".join(re.findall(started, unit, re.MULTILINE))),
                        ("docs/deployment.md", "\n".join(re.findall(started, text("docs/deployment.md"), re.MULTILINE)))):
        for option in sorted(set(re.findall(r"--([a-z][a-z-]+)", part))):
            variable = re.sub(r"-(\w)", lambda match: match[1].upper(), option)
            if not re.search(rf'public var {variable}\b|customLong\("{option}"\)', sources):
                yield f"{place}: an agent has no option --{option}"
    patience = int(re.search(
        r"patience = Duration\.milliseconds\((\d+)\)", text("Sources/Apps/Shared/ShutdownSignal/ShutdownSignal.swift"))[1])
    for place, found in (("docker-compose.yml", re.search(r"stop_grace_period: (\d+)s", compose)),
                         ("deploy/kafkawire-agent@.service", re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE))):
        if not found or int(found[1]) * 1000 <= patience:
            yield f"{place}: an agent is killed after {found[1] + ' s' if found else 'no time that is told'}; it may take {patience} ms"


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def tool(name, package):
    found = shutil.which(name) or shutil.which(name, path=str(ROOT / ".venv/bin"))
    if not found:
        skipped.append(f"{name} is not here ({package} has it)")
    return found


def lint_differences():
    """What hadolint says of the container file."""
    if hadolint := tool("hadolint", "scripts/setup.sh venv"):
        status, said = run(hadolint, "--no-color", str(ROOT / "deploy/Dockerfile"))
        if status != 0:
            yield from said.splitlines() or [f"hadolint ended with status {status}"]


def unit_differences():
    """What systemd says of the units."""
    analyze = tool("systemd-analyze", "Debian's package systemd")
    for unit in sorted((ROOT / "deploy").glob("*.service")) if analyze else []:
        with tempfile.TemporaryDirectory() as folder:
            # Its program need not be installed here. A template is looked at as one of its instances.
            copy = pathlib.Path(folder) / unit.name.replace("@.", "@check.")
            copy.write_text(unit.read_text(encoding="utf-8").replace("/usr/local/bin/%i", "/bin/true"), encoding="utf-8")
            status, said = run(analyze, "verify", "--man=no", str(copy))
            # Of other units of this machine it speaks too; a key that it does not know is no failure to it.
            ours = [line.replace(f"{folder}/", "") for line in said.splitlines() if copy.name in line]
            yield from ours
            if status != 0 and not ours:
                yield f"{unit.name}: systemd-analyze verify ended with status {status}: {said.strip()}"
            status, said = run(analyze, "security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", str(copy))
            if "unrecognized option" in said:
                skipped.append("systemd-analyze security --offline is not here (systemd 250 has it)")
            elif status != 0:
                yield f"{unit.name}: {said.strip().splitlines()[-1]} (at most {EXPOSURE / 10})"


def main():
    found = [sentence for part in (program_differences, container_differences, agent_differences, lint_differences,
                                   unit_differences) for sentence in part()]
    for sentence in found:
        print(sentence, file=sys.stderr)
    for sentence in skipped:
        print(f"deploy: skipped: {sentence}")
    if not found:
        print("deploy: every program has an image; container file and units are as they should be")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
