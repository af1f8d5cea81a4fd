#!/usr/bin/env python3
"""The comparison's values: `test_figures.py`; exit status 0 when all hold."""

import contextlib
import io
import json
import os
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import picture
import report
from figures import Samples, Tail, alerts, differences, extrapolate, not_once, percentile
from sampler import Sampler, descendants
from spark_batch import Progress, hundredths


class Numbers(unittest.TestCase):
    def test_percentiles_are_values_that_occurred(self):
        self.assertIsNone(percentile([], 0.5))
        hundred = list(range(1, 101))
        for share, value in ((0.5, 50), (0.95, 95), (0.99, 99), (1, 100), (0, 1)):
            self.assertEqual(percentile(hundred, share), value)
        self.assertEqual(percentile([7], 0.99), 7)
        self.assertEqual(percentile([3, 1, 2], 0.5), 2)

    def test_a_line_needs_two_sizes_and_does_not_fall(self):
        self.assertIsNone(extrapolate([], 10))
        self.assertIsNone(extrapolate([(1, 2), (1, 3)], 10))
        self.assertAlmostEqual(extrapolate([(100, 2), (1000, 11)], 10000), 101)
        self.assertIsNone(extrapolate([(100, 1), (200, 0)], 1000))

    def test_sizes_and_durations_have_units(self):
        self.assertEqual([report.size_of(v) for v in (None, 29, 1500, 77_500_000, 719_000_000)],
                         ["–", "29 B", "1.5 kB", "77.5 MB", "719 MB"])
        self.assertEqual([report.duration(v) for v in (None, 71.6, 1170)], ["–", "72 ms", "1.17 s"])

    def test_means_are_rounded_as_the_agents_print_them(self):
        for text, shown in (("1461.9750", "1461.98"), ("100.0500", "100.05"), ("-0.0050", "-0.01"), ("2.0049", "2.00")):
            self.assertEqual(hundredths(text), shown)


class Gaps(unittest.TestCase):
    """As IDGapsTests.swift, for Spark's half."""

    def test_rows_that_appear_late_leave_what_is_still_missing(self):
        for ids, left in (([], [(5, 9)]), ([5], [(6, 9)]), ([9], [(5, 8)]), ([7], [(5, 6), (8, 9)]),
                          ([5, 6, 7, 8, 9], []), ([1, 7, 20], [(5, 6), (8, 9)])):
            progress = Progress(30, [(5, 9, 1, 2, 3)])
            progress.fill(ids)
            self.assertEqual(progress.gaps, [(*gap, 1, 2, 3) for gap in left])

    def test_a_gap_stays_until_all_that_ran_are_over_and_the_grace_too(self):
        second = 1_000_000
        for oldest, now, stays in ((12, 60 * second, True), (13, 60 * second, False), (99, 60 * second, False),
                                   (13, 9 * second, True)):
            progress = Progress(30)
            progress.note([[5, 9]], (10, 13, 0))
            progress.settle((oldest, 200, now))
            self.assertEqual(bool(progress.gaps), stays, (oldest, now))

    def test_what_is_kept_comes_back(self):
        progress = Progress(30)
        progress.note([[5, 9], [11, 11]], (10, 13, 7))
        kept = json.loads(progress.text())
        again = Progress(kept["up_to"], kept["gaps"])
        self.assertEqual((again.up_to, again.gaps), (progress.up_to, progress.gaps))

    def test_gaps_are_bounded(self):
        progress = Progress(1 << 40)
        progress.note([[2 * at, 2 * at] for at in range(Progress.LIMIT + 5)], (1, 2, 3))
        self.assertEqual(len(progress.gaps), Progress.LIMIT)
        self.assertEqual(progress.gaps[0][0], 10)


class Alerts(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, name, lines):
        path = os.path.join(self.folder.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)
        return path

    @staticmethod
    def alert(row, agent="anomaly", amount="600.00", **more):
        return {"type": "alert", "agent": agent, "transaction_id": row, "user_id": 7, "amount": amount, "mean": "100.00",
                "processed_at_us": 1000 * row, **more}

    def test_the_first_telling_counts_and_the_second_is_counted(self):
        path = self.write("a.jsonl", [self.alert(1), self.alert(1, processed_at_us=9), {"type": "run"}, '{"type":"al'])
        found, told, twice = alerts([path])
        self.assertEqual((list(found), told, twice), ([("anomaly", 1)], {("anomaly", 1): 1000}, 1))

    def test_what_goes_on_being_written_is_read_once(self):
        path = os.path.join(self.folder.name, "tail.jsonl")
        tail = Tail(path)
        self.assertEqual(tail.lines(), [])
        told = []
        for text in ('{"a":1}\n{"a":', "", '2}\n', '{"a":3}\n{"a":4}\n{'):
            with open(path, "a", encoding="utf-8") as file:
                file.write(text)
            told.append([line["a"] for line in tail.lines()])
        self.assertEqual(told, [[1], [], [2], [3, 4]])

    def test_every_kind_of_difference_is_seen(self):
        expected = {("anomaly", 1): (7, "600.00", "100.00"), ("velocity", 2): (7, "4500.00", 90)}
        self.assertEqual(differences(expected, dict(expected)), {})
        self.assertEqual(list(differences(expected, {("anomaly", 1): (7, "600.00", "100.00")})), ["missed"])
        self.assertEqual(list(differences(expected, {**expected, ("anomaly", 2): (1, "1", "1")})), ["too many"])
        self.assertEqual(list(differences(expected, {**expected, ("anomaly", 1): (7, "600.00", "100.01")})), ["other values"])
        # Told twice, once wrongly.
        path = self.write("a.jsonl", [self.alert(1), self.alert(1, amount="601.00")])
        self.assertEqual(list(differences({("anomaly", 1): (7, "600.00", "100.00")}, alerts([path])[0])), ["other values"])

    def test_each_alert_is_committed_once(self):
        expected = {("anomaly", 1): (), ("velocity", 2): ()}
        whole = [self.alert(1), self.alert(2, agent="velocity")]
        for lines, wrong in (
                (whole, []), (whole[:1], ["velocity at id 2: 0 times"]), (whole + whole[:1], ["anomaly at id 1: 2 times"]),
                ([*whole, self.alert(3)], ["anomaly at id 3: 1 times"]),
                ([], ["anomaly at id 1: 0 times", "velocity at id 2: 0 times"])):
            self.assertEqual(not_once(expected, self.write("committed.jsonl", lines)), wrong)

    def way(self, found):
        counters = ["0 0 0 0 0", "500 0 20 5000 1000000", "500 0 20 5000 1000000", "700 20 30 9000 3000000"]
        names = ["first_began", "first_ended", "paced_began", "paced_ended"]
        notes = [f"{name} {values}\n" for name, values in zip(names, counters)]
        notes += ["size 100\n", "rows 20\n", "burst 0\n", "first_us 1000000\n", "paced_from 100\n", "paced_to 120\n"]
        self.write("sql-100/figures.txt", notes)
        self.write("sql-100/samples.jsonl", [
            {"at_us": at * 1000000, "parts": {"postgres": [at * 0.5, 1000], "fraud-batch": [at * 0.25, 50]}} for at in range(5)])
        self.write("sql-100/fraud-batch.jsonl", [*found, {"type": "run", "rows": 120, "late": 1}])
        self.write("sql-100/referee.jsonl", [self.alert(101), self.alert(103)])
        self.write("sql-100/commits.txt", ["101 90000\n", "103 100000\n"])
        self.write("sql-100/postgres.version", ["15.18\n"])
        options = ["report", "--dir", self.folder.name, "--ways", "sql", "--sizes", "100", "--json",
                   os.path.join(self.folder.name, "figures.json"), "--pictures", self.folder.name, "--rate", "10",
                   "--interval", "5", "--users", "9", "--inserters", "2"]
        output = io.StringIO()
        old, sys.argv = sys.argv, ["report.py", *options]
        try:
            with contextlib.redirect_stdout(output):
                status = report.main()
        finally:
            sys.argv = old
        return status, output.getvalue()

    def test_a_run_that_agrees_ends_well_with_its_figures(self):
        status, output = self.way([self.alert(101), self.alert(103)])
        self.assertEqual(status, 0, output)
        with open(os.path.join(self.folder.name, "figures.json"), encoding="utf-8") as file:
            figures = json.load(file)["ways"][0]
        self.assertEqual(figures["freshness_ms"], {"count": 2, "p50": 3, "p95": 11, "p99": 11, "max": 11})
        self.assertEqual(figures["paced"]["rows_read_per_row"], 10)
        self.assertEqual(figures["paced"]["cpu_s"], {"postgres": 1.0, "fraud-batch": 0.5})
        self.assertEqual(figures["peak_memory_bytes"]["fraud-batch"], 51200)
        for name in ("freshness.svg", "cpu.svg"):
            tree = xml.parse(os.path.join(self.folder.name, name))
            self.assertTrue(tree.getroot().tag.endswith("svg"), name)

    def test_a_difference_fails_the_run_and_is_shown(self):
        status, output = self.way([self.alert(101)])
        self.assertEqual(status, 1)
        self.assertIn("1 alerts missed", output)
        self.assertIn("anomaly at id 103: user 7, $600.00", output)
        self.assertIn("do not find the same alerts", output)


class Measuring(unittest.TestCase):
    def test_cpu_between_samples_is_shared_out(self):
        samples = Samples("/nowhere")
        samples.lines = [{"at_us": at, "parts": {"a": [cpu, 1]}} for at, cpu in ((100, 1.0), (200, 3.0), (300, 3.5))]
        self.assertEqual(samples.cpu(150, 250), {"a": 1.25})
        self.assertEqual(samples.cpu(0, 1000), {"a": 3.5})

    def test_a_part_is_its_process_and_all_that_descend_from_it(self):
        self.assertEqual(sorted(descendants(1, {1: [2, 3], 3: [4], 9: [10]})), [1, 2, 3, 4])
        line = Sampler().sample({"me": os.getpid(), "gone": 1 << 22})
        self.assertGreater(line["me"][1], 1000)
        self.assertEqual(line["gone"], [0, 0])

    def test_steps_are_round_and_reach_the_highest(self):
        for highest in (0.3, 1.9, 7, 60, 64, 999, 12345):
            steps = picture.nice_steps(highest)
            self.assertGreaterEqual(steps[-1], highest)
            self.assertLessEqual(len(steps), 8)

    def test_offsets_of_one_topic_are_added_up(self):
        text = json.dumps([{"offsets": [{"topic": "t", "currentOffset": 2}, {"topic": "t", "currentOffset": 5},
                                        {"topic": "u", "currentOffset": 9}, {"topic": "t", "currentOffset": None}]}])
        self.assertEqual(report.committed(text, "t"), 7)
        self.assertEqual(report.committed("no group", "t"), 0)


if __name__ == "__main__":
    unittest.main(verbosity=0)
