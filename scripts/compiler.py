"""Swift's compiler once more over what `swift build --build-tests` has built: its arguments for each module are taken from
.build/debug.yaml, and the modules it made are imported."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def modules(folder, without=()):
    """The package's own modules in that folder: what the build gives the compiler for each, and its files."""
    found = {}
    for line in re.findall(r'^    args: (\["[^"]*swiftc",.*\])$', (ROOT / ".build" / "debug.yaml").read_text(), re.M):
        arguments = json.loads(line)
        name = arguments[arguments.index("-module-name") + 1] if "-module-name" in arguments else ""
        listing = next((a[1:] for a in arguments if a.startswith("@") and a.endswith("/sources")), None)
        if not listing or not pathlib.Path(listing).exists():
            continue
        sources = [line.strip("'").replace("\\ ", " ") for line in pathlib.Path(listing).read_text().splitlines()]
        if name not in without and sources and all(source.startswith(f"{ROOT}/{folder}/") for source in sources):
            found[name] = (arguments, sources)
    return found


def frontend(arguments, sources, *options):
    """Runs the frontend over all files of a module; gives what it says."""
    kept, skip = [], False
    for this, following in zip(arguments[1:], arguments[2:] + [""]):
        if skip:
            skip = False
        elif this in ("-module-name", "-I", "-target", "-swift-version", "-package-name", "-enable-experimental-feature"):
            kept, skip = kept + [this, following], True
        elif this == "-Xcc":
            kept, skip = kept + ([] if following == "-g" else [this, following]), True
        elif this.startswith(("-D", "-I")) or this in ("-parse-as-library", "-enable-testing"):
            kept.append(this)
    # Where the macros are that tests use, beside the compiler.
    plugins = pathlib.Path(arguments[0]).resolve().parent.parent / "lib" / "swift" / "host" / "plugins"
    for path in (plugins, plugins / "testing"):
        kept += ["-plugin-path", path]
    with tempfile.TemporaryDirectory() as folder:
        files = pathlib.Path(folder, "files")
        files.write_text("\n".join(sources))
        common = ["-module-cache-path", ROOT / ".build" / "traps-cache", "-filelist", files, "-primary-filelist", files]
        done = subprocess.run([arguments[0], "-frontend", *options, *common, *kept], cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{sys.argv[0]}: the compiler says no; is the debug build up to date?\n{done.stderr[-4000:]}")
        return done.stderr
