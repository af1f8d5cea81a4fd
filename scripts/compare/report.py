#!/usr/bin/env python3
"""The counting half of compare.sh.

    report.py wait   --dir DIR --way WAY --rows N --seconds S --topic NAME --groups NAMES --kw PROGRAM -b HOST:PORT …
    report.py report --dir DIR --ways "…" --sizes "…" --json FILE --pictures DIR …

DIR holds a directory for each way and size: `figures.txt` (names and values; the database's counters at the ends of each phase),
`samples.jsonl` (sampler.py), what the way itself printed, `referee.jsonl` (what the agents' rules find in the table), and
`commits.txt` (id and time of commit of the rows that were inserted at a rate).
"""

import argparse
import json
import os
import subprocess
import sys
import time

import picture
from figures import WAYS, Tail, Way, extrapolate

PARTS = ("postgres", "connect", "broker", "anomaly-agent", "velocity-agent", "spark", "fraud-batch")
# Sizes that the last table speaks of, measured or not.
GROWTH = (100_000, 1_000_000, 10_000_000)


# MARK: waiting

def judged_by_agents(options):
    """Rows that both agents have judged: the sum of committed offsets, of the one that is behind."""
    counts = []
    program, *there = options.kw
    for group in options.groups.split(","):
        answer = subprocess.run(
            [program, "groups", *there, "--describe", "--group", group, "--json"],
            capture_output=True, text=True, timeout=30, check=False)
        counts.append(committed(answer.stdout, options.topic))
    return min(counts)


def committed(text, topic):
    try:
        document = json.loads(text)
    except ValueError:
        return 0
    found = 0
    stack = [document]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            if value.get("topic") == topic:
                found += max(0, int(value.get("currentOffset") or value.get("current_offset") or 0))
            stack += value.values()
        elif isinstance(value, list):
            stack += value
    return found


class JudgedByRuns:
    """Rows that a batch way has judged. Its output is read on, so that waiting takes little from what is measured."""

    def __init__(self, options):
        self.tail = Tail(os.path.join(options.dir, {"sql": "fraud-batch", "spark": "spark"}[options.way] + ".jsonl"))
        self.rows = 0

    def count(self):
        self.rows += sum(line["rows"] for line in self.tail.lines() if line["type"] == "run")
        return self.rows


def wait(options):
    deadline = time.monotonic() + options.seconds
    judged = (lambda: judged_by_agents(options)) if options.way == "stream" else JudgedByRuns(options).count
    while True:
        count = judged()
        if count >= options.rows:
            return 0
        if time.monotonic() > deadline:
            print(f"       {count:,} of {options.rows:,} rows judged", flush=True)
            return 1
        # Asking the broker is a program that starts, and not part of what is measured.
        time.sleep(0.3 if options.way == "stream" else 0.1)


# MARK: tables

def number(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


def size_of(value):
    if value is None:
        return "–"
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= factor:
            return f"{value / factor:,.1f} {unit}" if value < 100 * factor else f"{value / factor:,.0f} {unit}"
    return f"{value:.0f} B"


def duration(milliseconds):
    if milliseconds is None:
        return "–"
    return f"{milliseconds / 1000:.2f} s" if milliseconds >= 1000 else f"{milliseconds:.0f} ms"


def main_rows(figures, alone):
    """The table's rows: what, and a cell for each way."""
    def each(name, cell):
        cells = [cell(each) for each in figures]
        if any(text != "–" for text in cells):
            rows.append((name, cells))

    rows = []
    each("alerts, as the rules find", lambda f: f"{f['alerts']:,}" if f["way"] != "alone" else "–")
    for share in ("p50", "p95", "p99", "max"):
        each(f"commit to alert, {share}", lambda f, share=share: duration(f["freshness_ms"][share]))
    each("ready after", lambda f: "–" if f["ready_s"] is None else f"{f['ready_s']:.1f} s")
    each(f"first {figures[0]['rows_before']:,} rows judged after",
         lambda f: f"{f['first_look_s']:.1f} s" if f["way"] != "alone" else "–")
    each("time in its queries", lambda f: f"{f['paced']['seconds_in_queries']:.2f} s" if f["way"] != "alone" else "–")
    each("rows read per row inserted", lambda f: number(f["paced"]["rows_read_per_row"], 1))
    for part in PARTS:
        each(f"CPU: {part}", lambda f, part=part: f"{f['paced']['cpu_s'][part]:.1f} s" if part in f["paced"]["cpu_s"] else "–")
    each("CPU: all of it", lambda f: f"{sum(f['paced']['cpu_s'].values()):.1f} s")
    each("CPU per 1,000 rows beyond inserts", lambda f: extra_cpu(f, alone))
    for part in PARTS:
        each(f"peak memory: {part}", lambda f, part=part: size_of(f["peak_memory_bytes"].get(part)))
    each("peak memory: all beside PostgreSQL",
         lambda f: size_of(sum(v for k, v in f["peak_memory_bytes"].items() if k != "postgres")) if f["way"] != "alone" else "–")
    each("kept: table", lambda f: size_of(f["bytes_kept"]["table"]))
    each("kept: its indexes", lambda f: size_of(f["bytes_kept"]["index"]))
    each("kept: topic", lambda f: size_of(f["bytes_kept"]["topic"]))
    each("kept: how far it is", lambda f: size_of(f["bytes_kept"]["state"]))
    each("WAL written at the rate", lambda f: size_of(f["paced"]["wal_bytes"]))
    each("inserts as fast as it goes", lambda f: rate(f["burst_rows_per_second"], alone))
    each("the same beside the index", lambda f: rate(f["burst_rows_per_second_with_index"], alone))
    each("burst inserted and judged after", lambda f: "–" if f["burst_judged_s"] is None else f"{f['burst_judged_s']:.1f} s")
    return rows


def extra_cpu(figures, alone):
    if alone is None or figures["way"] == "alone":
        return "–"
    more = sum(figures["paced"]["cpu_s"].values()) - sum(alone["paced"]["cpu_s"].values())
    return f"{more / figures['paced']['rows'] * 1e6:,.0f} ms"


def rate(value, alone):
    if value is None:
        return "–"
    base = alone and alone["burst_rows_per_second"]
    share = f" ({value / base * 100:.0f} %)" if base and value != base else ""
    return f"{value:,.0f}/s{share}"


def growth_rows(by_size, ways):
    """How a way grows: measured where a size was run; elsewhere a straight line (with a ~), where there is one to expect. What
    a look-back reads is none: it ends at 50 rows a user."""
    def cell(way, size, value, show, is_line):
        points = [(at, value(figures)) for at, figures in by_size[way].items() if value(figures) is not None]
        measured = dict(points).get(size)
        if measured is not None:
            return show(measured)
        guess = extrapolate(points, size) if is_line else None
        return "–" if guess is None else "~" + show(guess)

    def in_look(run, name):
        return lambda figures: figures.get(run, {}).get(name)

    def beside(figures):
        return sum(size for part, size in figures["peak_memory_bytes"].items() if part != "postgres")

    sizes = sorted(set(GROWTH) | {size for way in ways for size in by_size[way]})
    for title, value, show, is_line in (
            ("first look", lambda f: f["first_look_s"], lambda v: f"{v:,.1f} s", True),
            ("CPU of it", lambda f: sum(f["first"]["cpu_s"].values()), lambda v: f"{v:,.1f} s", True),
            ("peak memory beside PostgreSQL", beside, size_of, True),
            ("kept: table, indexes, topic",
             lambda f: sum(f["bytes_kept"][k] or 0 for k in ("table", "index", "topic")), size_of, True),
            ("rows read per row inserted", lambda f: f["paced"]["rows_read_per_row"], lambda v: f"{v:,.1f}", False),
            ("rows read in one look, with the index", in_look("indexed_run", "rows_read"), number, False),
            ("rows read in one look, without it", in_look("scanned_run", "rows_read"), number, True),
            ("one look, with the index", in_look("indexed_run", "seconds"), lambda v: f"{v:.2f} s", False),
            ("one look, without it", in_look("scanned_run", "seconds"), lambda v: f"{v:.2f} s", False)):
        for size in sizes:
            cells = [cell(way, size, value, show, is_line) for way in ways]
            if any(text != "–" for text in cells):
                yield f"{title}, {size:,} rows", cells


def show_table(title, heads, rows):
    print(f"\n{title}\n")
    first = max(len(name) for name, _ in rows) + 2
    widths = [max(len(head), *(len(cells[at]) for _, cells in rows)) + 2 for at, head in enumerate(heads)]
    print("  " + " " * first + "".join(head.rjust(width) for head, width in zip(heads, widths)))
    for name, cells in rows:
        print("  " + name.ljust(first) + "".join(cell.rjust(width) for cell, width in zip(cells, widths)))


def markdown(title, heads, rows):
    lines = [f"{title}:", "", "| | " + " | ".join(heads) + " |", "| --- |" + " ---: |" * len(heads)]
    lines += [f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows]
    return "\n".join(lines) + "\n"


def fill(path, text):
    """Puts the tables between the document's marks."""
    with open(path, encoding="utf-8") as file:
        before, mark, rest = file.read().partition("<!-- compare: begin -->\n")
        _, end, after = rest.partition("<!-- compare: end -->")
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + mark + text + end + after)


def show_differences(way):
    found = way.differences()
    for kind, sentences in found.items():
        print(f"\n  {WAYS[way.name]}, {way.size:,} rows: {len(sentences):,} alerts {kind}")
        for sentence in sentences[:10]:
            print(f"    {sentence}")
        if len(sentences) > 10:
            print(f"    … and {len(sentences) - 10:,} more")
    return bool(found)


# MARK: the report

def report(options):
    ways = options.ways.split()
    sizes = [int(size) for size in options.sizes.split()]
    all_ways = [Way(options.dir, way, size) for size in sizes for way in ways
                if os.path.exists(os.path.join(options.dir, f"{way}-{size}", "figures.txt"))]
    main = [way for way in all_ways if way.size == sizes[0]]
    figures = [way.figures() for way in all_ways]
    first = figures[:len(main)]
    alone = next((f for f in first if f["way"] == "alone"), None)
    tables = [(
        f"{options.rate:,} rows a second for {first[0]['rows_at_rate'] / options.rate:.0f} s into a table of {sizes[0]:,}, "
        f"{options.users:,} users, {options.inserters} inserters, batch ways every {options.interval} s",
        [WAYS[f["way"]] for f in first], main_rows(first, alone))]
    asking = [way for way in ways if way != "alone"]
    by_size = {way: {f["rows_before"]: f for f in figures if f["way"] == way} for way in asking}
    if asking:
        tables.append(("Growth (~: a straight line through the sizes that were run)", [WAYS[way] for way in asking],
                       list(growth_rows(by_size, asking))))
    for table in tables:
        show_table(*table)
    document = {
        "machine": machine(), "rate": options.rate, "interval_s": options.interval, "users": options.users,
        "inserters": options.inserters, "postgres": read(os.path.join(main[0].directory, "postgres.version")),
        "ways": figures, "extrapolated": extrapolations(by_size)}
    with open(options.json, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
    os.makedirs(options.pictures, exist_ok=True)
    for name, text in picture.pictures(main, document):
        with open(os.path.join(options.pictures, name), "w", encoding="utf-8") as file:
            file.write(text)
    if options.doc:
        about = document["machine"]
        where = (f"One run of {time.strftime('%d %B %Y')} on {about['cores']} cores ({about['model']}), with "
                 f"{about['memory_bytes'] / 2**30:.0f} GB, PostgreSQL {document['postgres']}; at its end the machine's load "
                 f"over 15 minutes was {about['load']:.1f}.\n")
        fill(options.doc, "\n".join([where, *(markdown(*table) for table in tables)]))
    print(f"\n  figures in {options.json}, pictures in {options.pictures}")
    differs = False
    for way in all_ways:
        differs |= show_differences(way)
        if way.name != "alone" and not way.expected:
            print(f"\n  {WAYS[way.name]}, {way.size:,} rows: the rules find no alert at all, so nothing was compared")
            differs = True
    told = sum(len(way.expected) for way in all_ways)
    print(f"\n  All ways found the same alerts: {told:,} in all." if not differs else "\n  The ways do not find the same alerts.")
    return 1 if differs else 0


def extrapolations(by_size):
    out = {}
    for way, figures in by_size.items():
        points = [(size, f["first_look_s"]) for size, f in figures.items()]
        out[way] = {str(size): {"first_look_s": extrapolate(points, size)} for size in GROWTH if size not in figures}
    return out


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":")[1].strip() for line in file if "model name" in line), "")
    return {"cores": os.cpu_count(), "model": model, "load": os.getloadavg()[2],
            "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read().strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    waiting = verbs.add_parser("wait")
    for name in ("--dir", "--way", "--topic", "--groups"):
        waiting.add_argument(name, required=True)
    waiting.add_argument("--kw", required=True, nargs=argparse.REMAINDER, help="the program, and the options by which it finds Kafka")
    waiting.add_argument("--rows", type=int, required=True)
    waiting.add_argument("--seconds", type=float, required=True)
    reporting = verbs.add_parser("report")
    for name in ("--dir", "--ways", "--sizes", "--json", "--pictures"):
        reporting.add_argument(name, required=True)
    reporting.add_argument("--doc", help="a document whose tables are filled anew")
    for name in ("--rate", "--interval", "--users", "--inserters"):
        reporting.add_argument(name, type=int, required=True)
    options = parser.parse_args()
    return {"wait": wait, "report": report}[options.verb](options)


if __name__ == "__main__":
    sys.exit(main())
