#!/usr/bin/env python3
"""Files that take long to type-check: an expression that is hard to solve holds up everybody's build.

    scripts/slow-files.py          names each file above the limit, with its slowest functions; 1 if there is one
    scripts/slow-files.py 1.5      another limit, in seconds

`swift build --build-tests` has to have run. What is measured is the time of function bodies, which is nearly all, as CPU: what
other programs take of the machine does not count."""

import collections
import concurrent.futures
import os
import pathlib
import re
import sys
import time

import compiler

LIMIT = 5.0


def times(module):
    """Milliseconds of each function of each file."""
    arguments, sources = module
    began, used = time.monotonic(), os.times()
    text = compiler.frontend(arguments, sources, "-typecheck", "-debug-time-function-bodies")
    ended, spent = time.monotonic(), os.times()
    # The compiler's clock runs on while others have the core.
    cpu = spent.children_user + spent.children_system - used.children_user - used.children_system
    share = min(1.0, cpu / max(ended - began, 1e-6))
    files = collections.defaultdict(list)
    for milliseconds, file, line, what in re.findall(r"^([\d.]+)ms\t(/.*?):(\d+):\d+\t(.*)$", text, re.M):
        files[file].append((float(milliseconds) * share, f"line {line}: {what.split('@')[0]}"))
    return files


def main(arguments):
    limit = float(arguments[0]) if arguments else LIMIT
    modules = [*compiler.modules("Sources").values(), *compiler.modules("Tests").values()]
    if len(modules) < 20:
        sys.exit("slow-files.py: the debug build is missing; run: swift build --build-tests")
    slow, slowest, count = 0, ("", 0.0), 0
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        for files in pool.map(times, modules):
            for file, functions in files.items():
                seconds = sum(milliseconds for milliseconds, _ in functions) / 1000
                name = pathlib.Path(file).relative_to(compiler.ROOT)
                count += 1
                slowest = max(slowest, (str(name), seconds), key=lambda pair: pair[1])
                if seconds <= limit:
                    continue
                slow += 1
                print(f"{name} takes {seconds:.1f} s to type-check, more than {limit:g} s:")
                for milliseconds, what in sorted(functions, reverse=True)[:3]:
                    print(f"    {milliseconds / 1000:.2f} s  {what}")
    print(f"{count} files; the slowest is {slowest[0]} with {slowest[1]:.2f} s; {slow} take longer than {limit:g} s")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
