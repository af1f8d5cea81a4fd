"""The side-by-side runs: KafkaWire, librdkafka and kafka-python against the embedded broker, a group's rebalance, and the
agents.

scripts/bench.sh builds what this needs and calls it. Every program is a process of its own; the broker is another, on
127.0.0.1 and a free port, and is stopped at the end. The order of the peers alternates, every figure is the median of
REPEAT runs. CPU is that of the whole process, start and end included.

Only ratios travel from one machine to another.
"""

import argparse
import itertools
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time

from processes import Broker, most, run, stop
from secured import MOST_RATIO, Secured, print_idle
from serving import Serving, print_serving

PARTITIONS = 4
WHEEL = "librdkafka wheel"
# Records of a transaction, and of all records so few are sent in them: each one waits for the broker several times.
PER_TRANSACTION = 100
TRANSACTION_SHARE = 100
# A rebalance of so many members with so many partitions, and how long at most no fetch of one is to be under way.
MEMBERS = 50
MEMBER_PARTITIONS = 1_000
MEMBER_ROUNDS = 5
MOST_PAUSE_MS = 50


class Comparison:
    def __init__(self, options, broker):
        self.options = options
        self.broker = broker
        self.results = []
        self.number = 0
        self.peers = {
            "KafkaWire": [options.kwbench],
            "librdkafka": [options.rdkafka],
            # The newer one that confluent-kafka's wheel brings; None where there is no wheel.
            WHEEL: [options.rdkafka_wheel] if options.rdkafka_wheel else None,
            "kafka-python": [options.python, options.kafka_python] if options.python else None,
        }

    def topic(self):
        self.number += 1
        name = f"bench-{self.number}"
        run([self.options.kwbench, "create", self.broker.address, name, str(PARTITIONS)])
        return name

    def drop(self, name):
        run([self.options.kwbench, "delete", self.broker.address, name])

    def records(self, peer, size):
        count = self.options.records if size <= 100 else self.options.records // 4
        return max(1000, count // 40) if peer == "kafka-python" else count

    def measure(self, job, size, work, peers):
        """Runs `work(peer, records)` of every peer in turn, REPEAT times, and keeps the medians."""
        runs = {peer: [] for peer in peers if self.peers[peer]}
        for repeat in range(self.options.repeat):
            order = list(runs)
            for peer in order if repeat % 2 == 0 else reversed(order):
                if peer == "kafka-python" and repeat > 0:
                    continue  # its figures are so far away that one run tells enough
                before = self.broker.cpu()
                figures = work(peer, self.records(peer, size))
                figures["broker"] = self.broker.cpu() - before
                runs[peer].append(figures)
        for peer, all_figures in runs.items():
            def median(of):
                return statistics.median(of(figures) for figures in all_figures)

            self.results.append(
                {
                    "job": job,
                    "size": size,
                    "peer": peer,
                    "cpu_us": median(lambda f: f["cpu"] / f["records"] * 1e6),
                    "records_s": median(lambda f: f["records"] / f["wall"]),
                    "mb_s": median(lambda f: f["bytes"] / f["wall"] / 1e6),
                    "rss_mb": median(lambda f: f["rss_kb"] / 1024),
                    "broker_us": median(lambda f: f["broker"] / f["records"] * 1e6),
                }
            )

    def produce(self, size, mode, of=None):
        def work(peer, records):
            name = self.topic()
            try:
                return run(self.peers[peer] + ["produce", self.broker.address, name, str(records), str(size), mode])
            finally:
                self.drop(name)

        self.measure(f"produce, {mode}", size, work, of or list(self.peers))

    def transact(self, size):
        """Transactions of a hundred records, one behind the other."""

        def work(peer, records):
            name = self.topic()
            count = str(max(PER_TRANSACTION, records // TRANSACTION_SHARE))
            command = ["transact", self.broker.address, name, count, str(size), str(PER_TRANSACTION)]
            try:
                return run(self.peers[peer] + command)
            finally:
                self.drop(name)

        self.measure(f"transactions of {PER_TRANSACTION}", size, work, ["KafkaWire", "librdkafka", WHEEL])

    def consume(self, size, of=None):
        peers = of or list(self.peers)
        names = {peer: self.topic() for peer in ("KafkaWire", "kafka-python") if peer in peers}
        full = self.records("KafkaWire", size)
        run([self.options.kwbench, "produce", self.broker.address, names["KafkaWire"], str(full), str(size), "plain"])
        names["librdkafka"] = names[WHEEL] = names["KafkaWire"]
        few = self.records("kafka-python", size) if "kafka-python" in names else 0
        if few:
            run([self.options.kwbench, "produce", self.broker.address, names["kafka-python"], str(few), str(size), "plain"])
        groups = itertools.count()

        def in_group(peer, records):
            group = f"group-{size}-{next(groups)}"
            return run(self.peers[peer] + ["consume", self.broker.address, names[peer], str(records), group])

        def assigned(peer, records):
            return run(self.peers[peer] + ["consume", self.broker.address, names[peer], str(records), "assigned"])

        def values(peer, records):
            command = ["consume", self.broker.address, names[peer], str(records), "assigned", "values"]
            return run(self.peers[peer] + command)

        self.measure("consume, assigned", size, assigned, peers)
        self.measure("consume, values only", size, values, ["KafkaWire"])
        self.measure("consume, in a group", size, in_group, ["KafkaWire", "librdkafka", WHEEL])
        for name in set(names.values()):
            self.drop(name)

    def ratio(self, result):
        """The peer's CPU per record as a multiple of librdkafka's in the same job."""
        job = "consume, assigned" if result["job"] == "consume, values only" else result["job"]
        for other in self.results:
            if other["peer"] == "librdkafka" and (other["job"], other["size"]) == (job, result["size"]):
                return result["cpu_us"] / other["cpu_us"]
        return None


class Rebalances:
    """A member comes to a large group and goes again, several times: for how long no fetch of a member was under way."""

    def __init__(self, options, broker):
        self.options = options
        self.broker = broker
        self.results = []

    def run(self):
        for protocol in ("cooperative", "eager"):
            topic = f"members-{protocol}"
            command = [self.options.kwbench, "rebalance", self.broker.address, topic, str(MEMBERS)]
            run([self.options.kwbench, "create", self.broker.address, topic, str(MEMBER_PARTITIONS)])
            figures = run(command + [str(MEMBER_ROUNDS), protocol], limit=300)
            run([self.options.kwbench, "delete", self.broker.address, topic])
            self.results.append({"protocol": protocol, **figures})


AGENTS = ("anomaly-agent", "velocity-agent", "probe-agent")
# Users whose past is restored, in a topic with about as many events.
RESTORED_EVENTS = 600_000
RESTORED_USERS = 1_000_000
# What an agent is to do on one core: events a second, by form and guarantee; users a second when it restores them.
LEAST_EVENTS = {
    ("schemas", "once printed"): 200_000,
    ("bare", "once printed"): 500_000,
    ("schemas", "exactly once"): 500_000,
    ("bare", "exactly once"): 1_000_000,
}
LEAST_RESTORED = 2_000_000
# A detector's 50 amounts of 8 bytes, and what an agent may take beside them.
MOST_BYTES_A_USER = 400 + 120


class Agents:
    """All agents over a topic of change events that is filled beforehand: alerts are printed, and in a topic exactly once."""

    def __init__(self, options, broker):
        self.options = options
        self.broker = broker
        self.results = []
        self.restored = []
        self.idle = {}
        self.starts = []

    def run(self):
        run([self.options.kwbench, "create", self.broker.address, "nothing", "1"])
        for agent in AGENTS:
            # What an agent takes that finds nothing to read.
            self.idle[agent] = self.until_quiet(agent, "nothing", f"{agent}-nobody", "--alerts-topic", f"{agent}-none")[0]
        for schemas in ("schemas", "bare"):
            count = self.options.events if schemas == "bare" else self.options.events // 3
            topic = f"events-{schemas}"
            run([self.options.kwbench, "create", self.broker.address, topic, str(PARTITIONS)])
            run([self.options.kwbench, "events", self.broker.address, topic, str(count), schemas])
            for agent in AGENTS:
                for guarantee in ("once printed", "exactly once"):
                    runs = [self.one(agent, topic, count, repeat, guarantee) for repeat in range(self.options.repeat)]
                    self.results.append(
                        {
                            "agent": agent,
                            "events": schemas,
                            "guarantee": guarantee,
                            "cpu_us": statistics.median(one["cpu"] / count * 1e6 for one in runs),
                            "events_s": statistics.median(count / one["cpu"] for one in runs),
                            "rss_mb": max(one["rss"] for one in runs) / 1024,
                        }
                    )
            run([self.options.kwbench, "delete", self.broker.address, topic])
        self.restore()
        self.first_record()

    def start(self, agent, topic, group, *more):
        return subprocess.Popen(
            [os.path.join(self.options.bin, agent), "--bootstrap-server", self.broker.address, "--topic", topic]
            + ["--group", group, "--json", *more],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def one(self, agent, topic, count, repeat, guarantee):
        """Reads the whole topic."""
        group = f"{agent}-{topic}-{repeat}-{guarantee.replace(' ', '-')}"
        more = [] if guarantee == "once printed" else ["--alerts-topic", f"{group}-alerts"]
        usage, output = self.until_quiet(agent, topic, group, *more)
        handled = self.total(output, "events")
        if handled != count:
            sys.exit(f"bench: {agent} handled {handled} of {count} events")
        for name in [f"{group}-alerts", f"{group}-changelog"] if more else []:
            run([self.options.kwbench, "delete", self.broker.address, name])
        return {"cpu": usage[0] - self.idle[agent][0], "rss": usage[1]}

    def until_quiet(self, agent, topic, group, *more):
        """Runs an agent until its CPU time no longer grows; gives what it took, and its lines."""
        process = self.start(agent, topic, group, *more)
        output = []
        reader = threading.Thread(target=lambda: output.extend(process.stdout), daemon=True)
        reader.start()
        usage = (0.0, 0)
        quiet = 0
        began = time.monotonic()
        while quiet < 8 and time.monotonic() < began + 60 and process.poll() is None:
            time.sleep(0.1)
            now = self.usage(process.pid) or usage
            has_begun = now[0] > 0.05 or time.monotonic() > began + 2
            quiet = quiet + 1 if now[0] - usage[0] < 0.02 and has_begun else 0
            usage = now
        stop(process)
        reader.join(5)
        return usage, output

    def restore(self):
        """The second start of a group that knows many users: what its changelog costs, and how much memory they take."""
        topic = "events-users"
        run([self.options.kwbench, "create", self.broker.address, topic, str(PARTITIONS)])
        command = [self.options.kwbench, "events", self.broker.address, topic, str(RESTORED_EVENTS), "bare"]
        run(command + [str(RESTORED_USERS)])
        for agent in AGENTS:
            more = ["--alerts-topic", f"{agent}-alerts", "--users", str(RESTORED_USERS)]
            nobody = self.idle[agent]
            self.until_quiet(agent, topic, agent, *more)
            usage, output = self.until_quiet(agent, topic, agent, *more)
            users = self.total(output, "users")
            cpu = usage[0] - nobody[0]
            self.restored.append(
                {
                    "agent": agent,
                    "users": users,
                    "users_s": users / cpu,
                    # A user who had events in several transactions has been told as often, until the topic is compacted.
                    "states_s": self.restored_states(output) / cpu,
                    "bytes_a_user": (usage[1] - nobody[1]) * 1024 / users,
                }
            )
        run([self.options.kwbench, "delete", self.broker.address, topic])

    @staticmethod
    def usage(pid):
        """CPU seconds so far, and the most memory so far in KB."""
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            with open(f"/proc/{pid}/status", encoding="ascii") as file:
                peak = re.search(r"VmHWM:\s+(\d+)", file.read())
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), int(peak.group(1)) if peak else 0

    @staticmethod
    def total(lines, name):
        """A number of an agent's last line."""
        for line in reversed(lines):
            totals = json.loads(line)
            if totals["type"] == "totals":
                return totals[name]
        return None

    @staticmethod
    def restored_states(lines):
        """How often something was taken over from the changelog."""
        said = [json.loads(line) for line in lines if '"restored"' in line]
        return sum(line["records"] for line in said if line["type"] == "restored")

    def first_record(self):
        """From the start of the process to the first line that it prints of a record that waits for it."""
        topic = "first"
        run([self.options.kwbench, "create", self.broker.address, topic, "1"])
        run([self.options.kwbench, "events", self.broker.address, topic, "1", "schemas"])
        for repeat in range(max(5, self.options.repeat)):
            began = time.monotonic()
            process = self.start("anomaly-agent", topic, f"first-{repeat}", "--verbose")
            for line in process.stdout:
                if '"user_id"' in line:
                    self.starts.append((time.monotonic() - began) * 1000)
                    break
            stop(process)
        run([self.options.kwbench, "delete", self.broker.address, topic])


def print_comparison(comparison):
    print(f"\n{'job':<24}{'size':>6}  {'peer':<18}{'CPU µs/rec':>11}{'× librdkafka':>14}", end="")
    print(f"{'records/s':>13}{'MB/s':>8}{'RSS MB':>8}{'broker µs/rec':>15}")
    last = None
    for result in comparison.results:
        job = (result["job"], result["size"])
        ratio = comparison.ratio(result)
        print(
            f"{result['job'] if job != last else '':<24}{result['size'] if job != last else '':>6}  "
            f"{result['peer']:<18}{result['cpu_us']:>11.3f}{f'{ratio:.2f}' if ratio else '':>14}"
            f"{result['records_s']:>13,.0f}{result['mb_s']:>8.0f}{result['rss_mb']:>8.0f}{result['broker_us']:>15.3f}"
        )
        last = job


def print_agents(agents):
    print(f"\n{'agent':<16}{'events':<9}{'alerts':<14}{'CPU µs/event':>13}{'events/s of one core':>22}", end="")
    print(f"{'peak RSS MB':>13}   wanted")
    for result in agents.results:
        print(
            f"{result['agent']:<16}{result['events']:<9}{result['guarantee']:<14}{result['cpu_us']:>13.2f}"
            f"{result['events_s']:>22,.0f}{result['rss_mb']:>13.0f}"
            f"   ≥ {LEAST_EVENTS[result['events'], result['guarantee']]:,}, < 60 MB"
        )
    idle = ", ".join(f"{agent} {usage[0] * 1000:.0f} ms" for agent, usage in agents.idle.items())
    print(f"without what starting takes of CPU: {idle}")
    print(f"\n{'users restored':<16}{'users':>10}{'users/s of one core':>21}{'states/s':>12}{'bytes a user':>14}   wanted")
    for result in agents.restored:
        print(
            f"{result['agent']:<16}{result['users']:>10,}{result['users_s']:>21,.0f}{result['states_s']:>12,.0f}{result['bytes_a_user']:>14.0f}"
            f"   ≥ {LEAST_RESTORED:,}, ≤ {MOST_BYTES_A_USER}"
        )
    if agents.starts:
        print(f"\nfrom start to first record: {statistics.median(agents.starts):.0f} ms (median), wanted < 200 ms")


def print_rebalances(rebalances):
    print(f"\n{'rebalance':<14}{'members':>8}{'partitions':>12}{'times':>7}", end="")
    print(f"{'without a fetch: p50 ms':>25}{'p99 ms':>8}{'most ms':>9}{'until settled ms':>18}   wanted")
    for result in rebalances.results:
        wanted = f"p99 ≤ {MOST_PAUSE_MS} ms" if result["protocol"] == "cooperative" else ""
        print(
            f"{result['protocol']:<14}{result['members']:>8}{result['partitions']:>12}{result['rebalances']:>7}"
            f"{result['pause_p50_ms']:>25.1f}{result['pause_p99_ms']:>8.1f}{result['pause_max_ms']:>9.1f}"
            f"{result['settled_ms']:>18.0f}   {wanted}"
        )


def print_wanted(comparison):
    print()
    for job, most in (("consume, assigned", 0.4), ("produce, plain", 0.6), ("produce, idempotent", 0.6)):
        for result in comparison.results:
            if result["peer"] == "KafkaWire" and result["job"] == job and result["size"] == 100:
                ratio = comparison.ratio(result)
                if ratio is None:
                    continue
                verdict = "reached" if ratio <= most else "MISSED"
                print(f"{job} 100 B: {ratio:.2f} of librdkafka's CPU per record, wanted ≤ {most}: {verdict}")


def print_secured(comparison):
    print()
    for result in comparison.results:
        if result["peer"] == "KafkaWire" and result["job"] != "consume, values only":
            ratio = comparison.ratio(result)
            verdict = "reached" if ratio <= MOST_RATIO else "MISSED"
            print(
                f"TLS, {result['job']} {result['size']} B: {ratio:.2f} of librdkafka's CPU per record, "
                f"wanted ≤ {MOST_RATIO}: {verdict}"
            )


def idle_alone(options):
    """What idle connections take; the status says whether that is too much."""
    with Secured(options) as place:
        idle = place.idle()
    print(json.dumps({"idle": idle})) if options.json else print_idle(idle)
    sys.exit(0 if idle["mb"] <= most("idle connections under TLS, a thousand") else 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kw", required=True)
    parser.add_argument("--bin")
    parser.add_argument("--kwbench")
    parser.add_argument("--rdkafka")
    parser.add_argument("--rdkafka-wheel")
    parser.add_argument("--python")
    parser.add_argument("--kafka-python")
    parser.add_argument("--records", type=int, default=2_000_000)
    parser.add_argument("--events", type=int, default=1_800_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--no-agents", action="store_true")
    parser.add_argument("--no-clients", action="store_true")
    parser.add_argument("--no-serving", action="store_true")
    parser.add_argument("--only", choices=["agents", "idle", "tls"], help="nothing else than that part; idle needs --kw alone")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.only == "idle":
        return idle_alone(options)
    for name in ("bin", "kwbench", "rdkafka"):
        if not getattr(options, name):
            parser.error(f"--{name} is needed")
    if options.rdkafka_wheel and not os.path.exists(options.rdkafka_wheel):
        options.rdkafka_wheel = None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if options.only:
        options.no_clients = options.no_serving = True
        options.no_agents = options.only != "agents"

    load = os.getloadavg()
    broker = Broker(options.kw)
    try:
        comparison = Comparison(options, broker)
        for size in () if options.no_clients else (100, 1000):
            for mode in ("plain", "idempotent"):
                comparison.produce(size, mode)
            comparison.transact(size)
            comparison.consume(size)
            if not options.json:
                print(f"{size} B done", file=sys.stderr)
        rebalances = Rebalances(options, broker)
        if not options.no_clients:
            rebalances.run()
        agents = Agents(options, broker)
        if not options.no_agents:
            agents.run()
    finally:
        broker.stop()
    serving = Serving(options)
    if not options.no_serving:
        serving.run()
    # The same comparison under TLS, which changes nothing for the programs but how they reach the broker.
    secured = None
    if options.only == "tls" or not options.no_clients:
        with Secured(options) as place:
            secured = Comparison(options, place.broker)
            for size in (100, 1000):
                secured.produce(size, "plain", of=["KafkaWire", "librdkafka", WHEEL])
                secured.consume(size, of=["KafkaWire", "librdkafka", WHEEL])
            idle = place.idle()

    versions = {"librdkafka": subprocess.run([options.rdkafka, "version"], capture_output=True, text=True).stdout.strip()}
    if options.rdkafka_wheel:
        command = [options.rdkafka_wheel, "version"]
        versions[WHEEL] = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    if options.python:
        command = [options.python, options.kafka_python, "version"]
        versions["kafka-python"] = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    if options.json:
        for one in (comparison, secured):
            for result in one.results if one else []:
                result["ratio"] = one.ratio(result)
        print(
            json.dumps(
                {
                    "versions": versions,
                    "clients": comparison.results,
                    "tls": {"clients": secured.results, "idle": idle} if secured else None,
                    "load": [load, os.getloadavg()],
                    "rebalances": rebalances.results,
                    "broker": serving.figures(),
                    "agents": agents.results,
                    "restored": agents.restored,
                    "first_record_ms": statistics.median(agents.starts) if agents.starts else None,
                }
            )
        )
        return
    if not options.no_clients:
        print_comparison(comparison)
        print_wanted(comparison)
        print_rebalances(rebalances)
    if secured:
        print("\nTLS 1.3")
        print_comparison(secured)
        print_secured(secured)
        print_idle(idle)
    if not options.no_serving:
        print_serving(serving)
    if not options.no_agents:
        print_agents(agents)
    print("\nversions: " + ", ".join(f"{name} {version}" for name, version in versions.items()))
    print("load average: " + ", ".join(f"{one:.1f}" for one in (load[0], os.getloadavg()[0])) + " (before, after)")
    print(f"medians of {options.repeat} runs on {os.cpu_count()} cores; kafka-python ran once, with 1/40 of the records")


main()
