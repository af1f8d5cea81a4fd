/// Whether the cluster's clocks and ours agree, as far as that can be seen without writing anything. Facts in, findings
/// out.
///
/// Kafka has no request for the time. What tells it: the leader of the metadata quorum gives its own clock as the time of
/// its own last fetch (DescribeQuorum, KIP-836); and no record can have been appended, or made, later than now.
package enum ClockJudgement {
    package struct Facts: Sendable, Equatable {
        /// A clock that was read: between which times of ours, in milliseconds since 1970, and what it said.
        package struct Reading: Sendable, Equatable {
            package var broker: BrokerID
            package var earliest: Int64
            package var latest: Int64
            package var time: Int64

            package init(broker: BrokerID, earliest: Int64, latest: Int64, time: Int64) {
                self.broker = broker
                self.earliest = earliest
                self.latest = latest
                self.time = time
            }
        }

        /// The latest timestamp of a topic's records.
        package struct Newest: Sendable, Equatable {
            package var topic: String
            package var timestamp: Int64
            /// Whether the broker stamps the records (`message.timestamp.type=LogAppendTime`).
            package var isAppendTime: Bool
            /// Our clock when it was asked.
            package var now: Int64

            package init(topic: String, timestamp: Int64, isAppendTime: Bool, now: Int64) {
                self.topic = topic
                self.timestamp = timestamp
                self.isAppendTime = isAppendTime
                self.now = now
            }
        }

        /// A session that a token has opened: a broker lets it last no longer than the token, by its own clock (KIP-368).
        package struct Session: Sendable, Equatable {
            /// When the token ends, in milliseconds since 1970.
            package var tokenEnds: Int64
            /// For how long the broker has opened the session, in milliseconds.
            package var lifetime: Int64
            /// Our clock before that.
            package var now: Int64

            package init(tokenEnds: Int64, lifetime: Int64, now: Int64) {
                self.tokenEnds = tokenEnds
                self.lifetime = lifetime
                self.now = now
            }

            /// How far the broker's clock is behind ours at least; not positive where that is not known.
            var behind: Int64 {
                // What can be far off is kept to some million years.
                let (lifetime, now, ends) = (bounded(lifetime), bounded(now), bounded(tokenEnds))
                return lifetime &+ now &- ends
            }

            private func bounded(_ milliseconds: Int64) -> Int64 { min(max(milliseconds, -(1 << 56)), 1 << 56) }
        }

        package var reading: Reading?
        package var session: Session?
        package var newest: [Newest] = []

        package init() {}
    }

    /// Less than that is not told: clocks that are kept by NTP differ by less.
    static let tolerance: Int64 = 2_000
    /// From there on brokers refuse records, by default (`message.timestamp.after.max.ms`, KIP-937).
    private static let refusedFrom: Int64 = 3_600_000

    package static func findings(_ facts: Facts) -> [DiagnosisFinding] {
        var findings: [DiagnosisFinding] = []
        if let reading = facts.reading { findings += judge(reading) }
        if findings.isEmpty, let session = facts.session, session.behind > tolerance { findings.append(judge(session)) }
        for newest in facts.newest where newest.timestamp > newest.now + tolerance {
            // The clock of the broker is known to be ahead: then so are its stamps.
            if newest.isAppendTime, !findings.isEmpty { continue }
            findings.append(judge(newest))
        }
        if findings.isEmpty, let reading = facts.reading {
            let distance = max(0, max(reading.earliest - reading.time, reading.time - reading.latest))
            findings.append(
                DiagnosisFinding(
                    .ok, .clocksAgree, .cluster,
                    "The controller's clock and ours agree\(distance > 50 ? " to \(distance) ms" : "")."))
        }
        return findings
    }

    private static func judge(_ reading: Facts.Reading) -> [DiagnosisFinding] {
        let ahead = reading.time - reading.latest
        let behind = reading.earliest - reading.time
        let skew = max(ahead, behind)
        guard skew > tolerance else { return [] }
        let words = DiagnosisText.time(.milliseconds(skew))
        if behind > refusedFrom {
            return [
                DiagnosisFinding(
                    .problem, .clockSkew, .cluster,
                    "The clock of controller \(reading.broker) is \(words) behind ours. If the brokers' clocks are too, they "
                        + "refuse the records of this machine with INVALID_TIMESTAMP, as lying more than "
                        + "message.timestamp.after.max.ms (1 h) in their future (KIP-937).",
                    advice:
                        "Let both machines keep time with NTP (chrony, systemd-timesyncd); look which of them is wrong "
                        + "(timedatectl).")
            ]
        }
        return [
            DiagnosisFinding(
                .warning, .clockSkew, .cluster,
                "The clock of controller \(reading.broker) is \(words) \(ahead > behind ? "ahead of" : "behind") ours. Looking up "
                    + "offsets by time, retention, and windows over records' times are off by as much where the brokers' "
                    + "clocks are like it; tokens and certificates may count as expired.",
                advice: "Let both machines keep time with NTP (chrony, systemd-timesyncd); look which of them is wrong "
                    + "(timedatectl).")
        ]
    }

    private static func judge(_ session: Facts.Session) -> DiagnosisFinding {
        DiagnosisFinding(
            .warning, .clockSkew, .cluster,
            "By our clock, which says \(UTCTime(milliseconds: session.now).text), the token ends on "
                + "\(UTCTime(milliseconds: session.tokenEnds).text), and the broker has opened a session for longer, "
                + "\(DiagnosisText.time(.milliseconds(session.lifetime))): the broker's clock is behind ours by "
                + "\(DiagnosisText.time(.milliseconds(session.behind))) at least.",
            advice: "Let both machines keep time with NTP (chrony, systemd-timesyncd); look which of them is wrong "
                + "(timedatectl).")
    }

    private static func judge(_ newest: Facts.Newest) -> DiagnosisFinding {
        let words = DiagnosisText.time(.milliseconds(newest.timestamp - newest.now))
        if newest.isAppendTime {
            return DiagnosisFinding(
                .warning, .clockSkew, .topic(newest.topic),
                "A record of \(newest.topic), which brokers stamp themselves (LogAppendTime), was appended \(words) from now: "
                    + "the clock of that broker is ahead of ours by that at least.",
                advice: "Let both machines keep time with NTP; look which of them is wrong (timedatectl).")
        }
        return DiagnosisFinding(
            .warning, .recordsFromTheFuture, .topic(newest.topic),
            "A record of \(newest.topic) carries a time that lies \(words) in the future: the clock of its producer, or what it "
                + "takes for the time, is ahead (seconds or microseconds taken for milliseconds?). Retention by time "
                + "keeps the segment that much longer, and reading from a time finds it.",
            advice: "Look at the producer's clock and timestamps; message.timestamp.after.max.ms refuses such records "
                + "(KIP-937), and message.timestamp.type=LogAppendTime does without them.")
    }
}
