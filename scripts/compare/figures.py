"""Figures from what a run has left: percentiles, what a part used between two moments, lines through sizes."""

import collections
import json
import os

WAYS = {"alone": "inserts alone", "stream": "stream", "sql": "SQL poll", "spark": "Spark"}


def percentile(values, share):
    """The value below which that share lies (nearest rank); None without values."""
    if not values:
        return None
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * share // 1))
    return ordered[min(int(rank), len(ordered)) - 1]


def extrapolate(points, size):
    """A straight line through the points (size, value), at another size. None with fewer than two, or where it falls."""
    if len({x for x, _ in points}) < 2:
        return None
    count = len(points)
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
    # What does not grow, as a heap with a bound, follows no line.
    return mean_y + slope * (size - mean_x) if slope >= 0 else None


class Tail:
    """What a program goes on writing: each line is read once, however often one asks."""

    def __init__(self, path):
        self.path = path
        self.read = 0

    def lines(self):
        """The whole lines that have come since the last time."""
        if not os.path.exists(self.path):
            return []
        with open(self.path, "rb") as file:
            file.seek(self.read)
            whole, newline, _ = file.read().rpartition(b"\n")
        self.read += len(whole) + len(newline)
        return [json.loads(line) for line in whole.splitlines()]


def json_lines(path):
    """All that a program has written; the last line may be half there while it still writes."""
    return Tail(path).lines()


def alerts(paths):
    """Alerts as {(question, id): (user, amount, mean or score)}, when each was told first, and how many were told twice."""
    found, told, twice = {}, {}, 0
    for path in paths:
        for line in json_lines(path):
            if line.get("type") != "alert":
                continue
            key = (line["agent"], line["transaction_id"])
            what = (line["user_id"], line["amount"], line.get("mean", line.get("score")))
            if key in found:
                twice += 1
            # A second telling that says something else is a difference, and must be seen.
            if key not in found or found[key] == what:
                found[key] = what
            else:
                found[key] = (*what, "told differently before")
            told.setdefault(key, line["processed_at_us"])
    return found, told, twice


def not_once(expected, path):
    """Which alerts are not in their topic exactly once, as sentences; PATH has the topic's values as a reader of what was
    committed sees them, a line each."""
    count = collections.Counter((line["agent"], line["transaction_id"]) for line in json_lines(path))
    return [f"{question} at id {row}: {count[question, row]} times" for question, row in sorted(expected.keys() | count.keys())
            if count[question, row] != ((question, row) in expected)]


def differences(expected, found):
    """What is not the same, as sentences: {kind: [sentence]}."""
    kinds = {"missed": [], "too many": [], "other values": []}
    for key in sorted(expected.keys() | found.keys()):
        question, row = key
        if key not in found:
            kinds["missed"].append(f"{question} at id {row}: user {expected[key][0]}, ${expected[key][1]}")
        elif key not in expected:
            kinds["too many"].append(f"{question} at id {row}: user {found[key][0]}, ${found[key][1]}")
        elif expected[key] != found[key]:
            kinds["other values"].append(f"{question} at id {row}: {found[key]} where the rules give {expected[key]}")
    return {kind: sentences for kind, sentences in kinds.items() if sentences}


class Samples:
    """What the sampler has seen."""

    def __init__(self, path):
        self.lines = list(json_lines(path))

    def cpu(self, since, until):
        """Seconds of CPU of each part between two moments."""
        used = {}
        for name in {name for line in self.lines for name in line["parts"]}:
            used[name] = max(0.0, self._cpu_at(name, until) - self._cpu_at(name, since))
        return used

    def _cpu_at(self, name, moment):
        before, after = None, None
        for line in self.lines:
            if name not in line["parts"]:
                continue
            point = (line["at_us"], line["parts"][name][0])
            if point[0] <= moment:
                before = point
            else:
                after = point
                break
        # Before its first sample a part had used nothing.
        if before is None:
            return 0.0
        if after is None:
            return before[1]
        return before[1] + (after[1] - before[1]) * (moment - before[0]) / (after[0] - before[0])

    def peaks(self):
        """The most memory of each part, in bytes."""
        most = {}
        for line in self.lines:
            for name, (_, kilobytes) in line["parts"].items():
                most[name] = max(most.get(name, 0), kilobytes * 1024)
        return most

    def busy(self, since, until):
        """(seconds since `since`, cores busy in all parts, cores busy in PostgreSQL), a second each."""
        points = []
        lines = [line for line in self.lines if since <= line["at_us"] <= until]
        for old, new in zip(lines, lines[1:]):
            seconds = (new["at_us"] - old["at_us"]) / 1e6
            if seconds <= 0:
                continue
            used = {name: new["parts"][name][0] - old["parts"].get(name, [0])[0] for name in new["parts"]}
            points.append(((new["at_us"] - since) / 1e6, sum(used.values()) / seconds, used.get("postgres", 0) / seconds))
        return points


class Way:
    """One way at one size, from its directory."""

    COUNTERS = ("read", "inserted", "query_ms", "wal", "at_us")
    OUTPUTS = {"stream": ("anomaly-agent", "velocity-agent"), "sql": ("fraud-batch",), "spark": ("spark",)}

    def __init__(self, directory, name, size):
        self.name = name
        self.size = size
        self.directory = os.path.join(directory, f"{name}-{size}")
        self.notes = {}
        with open(os.path.join(self.directory, "figures.txt"), encoding="utf-8") as file:
            for line in file:
                key, *values = line.split()
                self.notes[key] = [float(value) for value in values]
        self.samples = Samples(self._path("samples.jsonl"))
        paths = [self._path(output + ".jsonl") for output in self.OUTPUTS.get(name, ())]
        self.alerts, self.told, self.twice = alerts(paths)
        self.expected = alerts([self._path("referee.jsonl")])[0] if name != "alone" else {}
        self.runs = [line for path in paths for line in json_lines(path) if line.get("type") == "run"]

    def _path(self, name):
        return os.path.join(self.directory, name)

    def differences(self):
        found = differences(self.expected, self.alerts) if self.name != "alone" else {}
        wrong = not_once(self.expected, self._path("committed.jsonl")) if self.name == "stream" else []
        return {**found, "not committed once": wrong} if wrong else found

    def value(self, name):
        return self.notes[name][0] if name in self.notes else None

    def counter(self, counter, phase):
        """The growth of one of the database's counters in a phase: `first` or `paced`."""
        at = self.COUNTERS.index(counter)
        return self.notes[phase + "_ended"][at] - self.notes[phase + "_began"][at]

    def moments(self, phase):
        return self.notes[phase + "_began"][-1], self.notes[phase + "_ended"][-1]

    def freshness(self):
        """(microseconds at the commit, milliseconds from commit to alert) of each alert among the rows at a rate."""
        commits = {}
        path = self._path("commits.txt")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                for line in file:
                    row, at = line.split()
                    commits[int(row)] = int(at)
        return sorted((commits[row], (at - commits[row]) / 1000) for (_, row), at in self.told.items() if row in commits)

    def rows_per_second(self, name):
        """Rows a second of inserters that went as fast as they could, all together."""
        total, seconds = 0, 0.0
        for file in sorted(os.listdir(self.directory)):
            if file.startswith(name + "-") and file.endswith(".jsonl"):
                for line in json_lines(self._path(file)):
                    if line.get("event") == "total":
                        total += line["rows"]
                        seconds = max(seconds, line["seconds"])
        return total / seconds if seconds else None

    def figures(self):
        """All of it, for --json."""
        fresh = [wait for _, wait in self.freshness()]
        out = {
            "way": self.name, "rows_before": self.size, "rows_at_rate": int(self.value("rows")),
            "rows_in_burst": int(self.value("burst")),
            "alerts": len(self.alerts), "alerts_expected": len(self.expected), "alerts_told_twice": self.twice,
            "freshness_ms": {"count": len(fresh), "p50": percentile(fresh, 0.5), "p95": percentile(fresh, 0.95),
                             "p99": percentile(fresh, 0.99), "max": max(fresh, default=None)},
            "ready_s": seconds(self.value("ready_us")), "first_look_s": seconds(self.value("first_us")),
            "burst_rows_per_second": self.rows_per_second("burst"),
            "burst_rows_per_second_with_index": self.rows_per_second("indexed"),
            "burst_judged_s": seconds(self.value("burst_us")),
            "peak_memory_bytes": self.samples.peaks(),
            "bytes_kept": {name: self.value(name + "_bytes") for name in ("table", "index", "topic", "state")},
            "runs": len(self.runs), "late_rows": sum(run["late"] for run in self.runs),
        }
        for run in ("indexed", "scanned"):
            if run + "_s" in self.notes:
                out[run + "_run"] = {"seconds": self.value(run + "_s"), "rows_read": self.counter("read", run)}
        for phase in ("first", "paced"):
            began, ended = self.moments(phase)
            inserted = self.size if phase == "first" else self.counter("inserted", phase)
            out[phase] = {
                "seconds": (ended - began) / 1e6, "cpu_s": self.samples.cpu(began, ended),
                "rows_read": self.counter("read", phase), "rows": inserted,
                "rows_read_per_row": self.counter("read", phase) / inserted if inserted else None,
                "seconds_in_queries": self.counter("query_ms", phase) / 1000, "wal_bytes": self.counter("wal", phase),
            }
        return out


def seconds(microseconds):
    return None if microseconds is None else microseconds / 1e6
