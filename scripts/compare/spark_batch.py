#!/usr/bin/env python3
"""The agents' two questions, asked by Spark: the table read over JDBC in partitions, then window functions in Spark SQL.

    spark_batch.py --driver postgresql.jar [--interval 5 | --once] [--partitions 4] [--after-id N] [--state FILE] …

The database is named by PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE. Lines of JSON on standard output, as those of
fraud-batch: `alert` with `processed_at_us`, and `run` after each look at the table; `started` when Spark is up. SIGTERM and
Ctrl-C end it.

The first run reads everything, in partitions of the range of `id`. The others read what is new, and of each user with new rows
the 50 before, in partitions of the range of `user_id`. All connections of a run share one exported snapshot: four partitions
are four connections, and without it each would see another state of a table that grows.
"""

import argparse
import json
import os
import signal
import sys
import time

USABLE = "{0}.user_id IS NOT NULL AND {0}.amount <> 'NaN' AND isfinite({0}.created_at)"
COLUMNS = "row.id, row.user_id, row.amount, (extract(epoch FROM row.created_at) * 1000000)::bigint AS at"
REPEATABLE_READ = 4  # java.sql.Connection's number for it

# A row is judged by the rows of its user with lower ids. Decimals are exact, and no mean is compared. The times of the rows
# before are a list, not a RANGE frame, for the reasons that Questions.swift gives: equal times, and rows that come late.
QUESTIONS = """
WITH ranked AS (
  SELECT *, count(*) OVER before AS history, sum(amount) OVER before AS total, collect_list(at) OVER before AS times
  FROM known
  WINDOW before AS (PARTITION BY user_id ORDER BY id ROWS BETWEEN 50 PRECEDING AND 1 PRECEDING)
), judged AS (
  SELECT id, user_id, amount, at,
    CASE WHEN history >= 3 AND amount > 500 AND amount * history > 3 * total THEN round(total / history, 4) END AS mean,
    CASE WHEN amount > 4000 AND least(size(filter(times, t -> t > at - 60000000 AND t <= at)),
      24 - size(filter(times, t -> t > at))) + 1 > 5 THEN 90 END AS score
  FROM ranked WHERE fresh
)
SELECT id, user_id, CAST(amount AS STRING) AS amount, at, CAST(mean AS STRING) AS mean, score
FROM judged WHERE mean IS NOT NULL OR score IS NOT NULL ORDER BY id
"""


class Progress:
    """What was judged: every row up to an id, but for the gaps below it, whose rows may commit late. As Progress.swift."""

    GRACE_US = 10_000_000
    LIMIT = 100_000

    def __init__(self, up_to=0, gaps=()):
        self.up_to = up_to
        # first id, last id, and of the snapshot that first missed them: oldest running and next transaction, time
        self.gaps = [tuple(gap) for gap in gaps]

    def fill(self, ids):
        """Rows have appeared: `ids`, ascending, are gaps no more."""
        left = []
        at = 0
        for first, last, *seen in self.gaps:
            while at < len(ids) and ids[at] <= last:
                if ids[at] >= first:
                    if ids[at] > first:
                        left.append((first, ids[at] - 1, *seen))
                    first = ids[at] + 1
                at += 1
            if first <= last:
                left.append((first, last, *seen))
        self.gaps = left

    def note(self, ranges, snapshot):
        self.gaps = (self.gaps + [(first, last, *snapshot) for first, last in ranges])[-self.LIMIT:]

    def settle(self, snapshot):
        """Forgets gaps that nobody can fill any more: every transaction that ran when they were first seen is over."""
        oldest, _, now = snapshot
        self.gaps = [gap for gap in self.gaps if gap[3] > oldest or now - gap[4] < self.GRACE_US]

    def text(self):
        return json.dumps({"up_to": self.up_to, "gaps": self.gaps}) + "\n"


class Table:
    """One connection of the driver's own, in the snapshot that a run's partitions share."""

    def __init__(self, spark, options):
        self.spark = spark
        self.options = options
        self.url = f"jdbc:postgresql://{os.environ['PGHOST']}:{os.environ['PGPORT']}/{os.environ['PGDATABASE']}"
        self.connection = None
        self.snapshot = None

    def begin(self):
        self.connection = self.spark._jvm.java.sql.DriverManager.getConnection(
            self.url + "?ApplicationName=spark-batch", os.environ["PGUSER"], os.environ["PGPASSWORD"])
        self.connection.setAutoCommit(False)
        self.connection.setReadOnly(True)
        self.connection.setTransactionIsolation(REPEATABLE_READ)
        self.snapshot = self.rows("SELECT pg_export_snapshot()", str)[0][0]

    def end(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def rows(self, statement, kind=int):
        answer = self.connection.createStatement().executeQuery(statement)
        columns = range(1, answer.getMetaData().getColumnCount() + 1)
        rows = []
        while answer.next():
            fields = [answer.getString(column) for column in columns]
            rows.append([None if field is None else kind(field) for field in fields])
        return rows

    def read(self, query, column, lowest, highest):
        """A partitioned read, lazily: PostgreSQL is asked by as many connections as there are partitions."""
        return (self.spark.read.format("jdbc")
                .option("url", self.url + "?ApplicationName=spark-batch").option("driver", "org.postgresql.Driver")
                .option("user", os.environ["PGUSER"]).option("password", os.environ["PGPASSWORD"])
                .option("sessionInitStatement", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; "
                                                f"SET TRANSACTION SNAPSHOT '{self.snapshot}'; "
                                                # Down the index until there are 50: see Questions.swift.
                                                "SET LOCAL enable_bitmapscan = off; SET LOCAL jit = off")
                .option("fetchsize", 10000)
                .option("dbtable", f"({query}) AS part")
                .option("partitionColumn", column).option("lowerBound", lowest).option("upperBound", highest + 1)
                .option("numPartitions", self.options.partitions).load())


def array(ids):
    return f"'{{{','.join(map(str, ids))}}}'::bigint[]"


def run(spark, table, progress, has_index):
    """One look at the table: the new rows judged. Gives the number of new rows, of late ones, and the alerts."""
    oldest, following, now, last = table.rows(
        "SELECT txid_snapshot_xmin(s), txid_snapshot_xmax(s), (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,"
        " (SELECT max(id) FROM transactions) FROM txid_current_snapshot() AS s")[0]
    snapshot = (oldest, following, now)
    late = []
    if progress.gaps:
        firsts, lasts = array(gap[0] for gap in progress.gaps), array(gap[1] for gap in progress.gaps)
        late = [row[0] for row in table.rows(
            f"SELECT row.id FROM unnest({firsts}, {lasts}) AS gap (first, last)"
            " JOIN transactions AS row ON row.id >= gap.first AND row.id <= gap.last ORDER BY row.id")]
        progress.fill(late)
    low = progress.up_to
    high = max(low, last or low)
    new = 0
    if high > low:
        new = table.rows(f"SELECT count(*) FROM transactions WHERE id > {low} AND id <= {high}")[0][0]
        progress.note(table.rows(
            "SELECT before + 1, id - 1 FROM (SELECT id::bigint, "
            f"lag(id::bigint, 1, {low}::bigint) OVER (ORDER BY id) AS before FROM transactions "
            f"WHERE id > {low} AND id <= {high}) AS row WHERE id > before + 1 ORDER BY id"), snapshot)
        progress.up_to = high
    progress.settle(snapshot)
    if new + len(late) == 0:
        return 0, 0, []
    usable = USABLE.format("row")
    is_new = f"(row.id > {low} AND row.id <= {high})"
    if late:
        is_new = f"({is_new} OR row.id = ANY ({array(late)}))"
    fresh = table.read(f"SELECT {COLUMNS}, true AS fresh FROM transactions AS row WHERE {is_new} AND {usable}",
                       "id", min([low + 1, *late]), high)
    known = fresh
    if low > 0:
        users = (f"SELECT row.user_id, min(row.id) AS first, max(row.id) AS last FROM transactions AS row "
                 f"WHERE {is_new} AND {usable} GROUP BY row.user_id")
        lowest, highest = table.rows(f"SELECT min(user_id), max(user_id) FROM ({users}) AS users")[0]
        if lowest is None:
            return new + len(late), len(late), []
        if has_index:
            # Rows that are not new among the new ones are there only when some of these came late.
            between = "" if not late else (
                f" UNION ALL SELECT {COLUMNS} FROM transactions AS row WHERE row.user_id = users.user_id "
                f"AND row.id >= users.first AND row.id <= users.last AND {usable} AND NOT {is_new}")
            before = (f"SELECT row.id, users.user_id, row.amount, row.at, false AS fresh FROM ({users}) AS users "
                      f"CROSS JOIN LATERAL ((SELECT {COLUMNS} FROM transactions AS row WHERE row.user_id = users.user_id "
                      f"AND row.id < users.first AND {usable} ORDER BY row.id DESC LIMIT 50){between}) AS row")
        else:
            before = (f"SELECT {COLUMNS}, false AS fresh FROM transactions AS row JOIN ({users}) AS users "
                      f"ON users.user_id = row.user_id AND row.id <= users.last WHERE {usable} AND NOT {is_new}")
        known = fresh.unionByName(table.read(before, "user_id", lowest, highest))
    known.createOrReplaceTempView("known")
    alerts = spark.sql(QUESTIONS).collect()
    return new + len(late), len(late), alerts


def has_index(table):
    return table.rows(
        "SELECT EXISTS (SELECT FROM pg_index WHERE indrelid = 'transactions'::regclass AND indisvalid AND indpred IS NULL "
        "AND ARRAY(SELECT attname::text FROM unnest(ARRAY[indkey[0], indkey[1]]) WITH ORDINALITY AS key (number, place) "
        "JOIN pg_attribute ON attrelid = indrelid AND attnum = number ORDER BY place) = ARRAY['user_id', 'id'])",
        str)[0][0] == "t"


def lines(alert):
    """An alert's lines, one for each question that it answers."""
    common = {"user_id": alert.user_id, "transaction_id": alert.id, "amount": alert.amount}
    if alert.mean is not None:
        yield {"type": "alert", "agent": "anomaly", **common, "mean": hundredths(alert.mean)}
    if alert.score is not None:
        yield {"type": "alert", "agent": "velocity", **common, "score": alert.score}


def hundredths(text):
    """A decimal with two places, rounded half away from zero, as the agents print means."""
    from decimal import ROUND_HALF_UP, Decimal
    return str(Decimal(text).quantize(Decimal("0.01"), ROUND_HALF_UP))


def tell(line):
    print(json.dumps(line, separators=(",", ":")), flush=True)


def session(options):
    from pyspark.sql import SparkSession
    settings = {
        "spark.driver.extraClassPath": options.driver, "spark.driver.memory": options.memory,
        "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false", "spark.sql.shuffle.partitions": str(options.partitions),
        "spark.local.dir": options.work, "spark.sql.warehouse.dir": os.path.join(options.work, "warehouse"),
        "spark.sql.session.timeZone": "UTC",
    }
    builder = SparkSession.builder.master(options.master).appName("spark-batch")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--driver", required=True, help="the jar of PostgreSQL's JDBC driver")
    parser.add_argument("--interval", type=float, default=5, help="seconds between two runs")
    parser.add_argument("--once", action="store_true", help="one run, over everything")
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--master", default="local[*]")
    parser.add_argument("--memory", default="1g", help="the driver's heap")
    parser.add_argument("--work", default="/tmp", help="a directory for Spark's own files")
    parser.add_argument("--state", help="a file that keeps how far it is")
    options = parser.parse_args()
    if not os.path.exists(options.driver):
        raise SystemExit(f"spark_batch.py: there is no JDBC driver at {options.driver}; run: scripts/setup.sh compare")

    def ended(*_):
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, ended)
    signal.signal(signal.SIGINT, ended)
    spark = session(options)
    tell({"type": "started", "agent": "spark-batch", "at_us": time.time_ns() // 1000})
    table = Table(spark, options)
    progress = Progress()
    if options.state and os.path.exists(options.state):
        with open(options.state, encoding="utf-8") as file:
            kept = json.load(file)
        progress = Progress(kept["up_to"], kept["gaps"])
    start = time.monotonic()
    slot = 0
    while True:
        began = time.monotonic()
        table.begin()
        rows, late, alerts = run(spark, table, progress, has_index(table))
        table.end()
        for alert in alerts:
            for line in lines(alert):
                print(json.dumps({**line, "processed_at_us": time.time_ns() // 1000}, separators=(",", ":")))
        tell({"type": "run", "rows": rows, "late": late, "alerts": len(alerts), "up_to": progress.up_to,
              "gaps": len(progress.gaps), "seconds": round(time.monotonic() - began, 3)})
        if options.state:
            with open(options.state + ".new", "w", encoding="utf-8") as file:
                file.write(progress.text())
            os.replace(options.state + ".new", options.state)
        if options.once:
            spark.stop()
            return 0
        # Slots at a fixed distance; those that went by meanwhile are skipped.
        slot = max(slot + 1, int((time.monotonic() - start) / options.interval) + 1)
        time.sleep(max(0, start + slot * options.interval - time.monotonic()))


if __name__ == "__main__":
    sys.exit(main())
