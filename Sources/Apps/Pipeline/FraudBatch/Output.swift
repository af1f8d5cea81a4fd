// What the program prints: the agents' lines.

import AppSupport
import ChangeEvents
import Detectors
import JSONLines

/// The lines of a run, for people or for machines.
struct Output {
    let console: Console
    let isJSON: Bool
    private(set) var rows = 0
    private(set) var late = 0
    private(set) var anomalies = 0
    private(set) var velocities = 0

    init(_ console: Console, json: Bool) {
        self.console = console
        isJSON = json
    }

    mutating func alert(_ alert: Alert) {
        switch alert.finding {
        case .anomaly: anomalies += 1
        case .velocity: velocities += 1
        // A question that is asked of the stream alone.
        case .probe: break
        }
        console.line(Self.line(alert, at: Timestamp.now().microseconds, json: isJSON))
    }

    /// An alert as the agents print it; in JSON without the place in a topic, from which it was not read.
    static func line(_ alert: Alert, at now: Int64, json: Bool) -> String {
        var text: [UInt8] = []
        if json {
            alert.appendJSON(to: &text)
            let members = String(decoding: text.dropFirst().dropLast(), as: UTF8.self)
            return "{\"type\":\"alert\",\(members),\"processed_at_us\":\(now)}"
        }
        Report.append(alert, to: &text)
        return String(decoding: text.dropLast(), as: UTF8.self)
    }

    /// A run has come to its end; nobody but machines is told of each.
    mutating func ended(_ run: TableRun, in time: Duration) {
        for alert in run.alerts { self.alert(alert) }
        rows += run.rows
        late += run.late
        if isJSON {
            console.line(
                JSONText.object([
                    ("type", "\"run\""), ("rows", "\(run.rows)"), ("late", "\(run.late)"),
                    ("alerts", "\(run.alerts.count)"), ("up_to", "\(run.progress.upTo)"),
                    ("gaps", "\(run.progress.gaps.gaps.count)"),
                    ("seconds", Figures.fixed(Figures.seconds(time), decimals: 3)),
                ]))
        }
        console.flush()
    }

    mutating func count(_ row: Transaction) { rows += 1 }

    func totals() {
        console.endProgress()
        if isJSON {
            console.line(
                JSONText.object([
                    ("type", "\"totals\""), ("agent", "\"fraud-batch\""), ("transactions", "\(rows)"),
                    ("late", "\(late)"), ("anomalies", "\(anomalies)"), ("velocities", "\(velocities)"),
                ]))
        } else {
            console.line(
                "fraud-batch: \(Figures.grouped(rows)) transactions, \(Figures.grouped(anomalies)) anomalies, "
                    + "\(Figures.grouped(velocities)) fraud alerts")
        }
        console.flush()
    }
}
