import JSONLines

/// What Connect says of a connector and its tasks: `GET /connectors/NAME/status`.
package struct ConnectorStatus: Equatable, Sendable {
    /// A connector's or a task's state. Unknown ones are kept.
    package struct State: Equatable, Sendable, CustomStringConvertible {
        package let description: String
        package init(_ name: String) { description = name }

        package static let running = State("RUNNING")
        package static let paused = State("PAUSED")
        package static let stopped = State("STOPPED")
        package static let failed = State("FAILED")
    }

    /// The connector itself, or one of its tasks.
    package struct Part: Equatable, Sendable {
        /// The task's number; nil for the connector itself.
        package var task: Int?
        package var state: State
        /// The worker that has it, `host:port`; empty where nobody has.
        package var worker: String
        /// Why it FAILED.
        package var trace: Trace?

        package init(task: Int?, state: State, worker: String, trace: Trace? = nil) {
            self.task = task
            self.state = state
            self.worker = worker
            self.trace = trace
        }

        init?(_ document: Document) {
            guard let state = document["state"]?.text else { return nil }
            task = document["id"]?.number.flatMap { Int(exactly: $0) }
            self.state = State(state)
            worker = document["worker_id"]?.text ?? ""
            trace = document["trace"]?.text.map { Trace($0) }
        }

        package var name: String { task.map { "task \($0)" } ?? "connector" }
    }

    package var name: String
    /// `source` or `sink`; empty where Connect does not say.
    package var type: String
    package var connector: Part
    /// By number.
    package var tasks: [Part]

    package init(name: String, type: String, connector: Part, tasks: [Part]) {
        self.name = name
        self.type = type
        self.connector = connector
        self.tasks = tasks
    }

    /// Reads Connect's document; nil of any other.
    package init?(_ document: Document) {
        guard let name = document["name"]?.text, let connector = document["connector"].flatMap(Part.init) else {
            return nil
        }
        self.name = name
        self.connector = connector
        self.connector.task = nil
        type = document["type"]?.text ?? ""
        tasks = (document["tasks"]?.elements ?? []).compactMap(Part.init).sorted { ($0.task ?? 0) < ($1.task ?? 0) }
    }

    package var parts: [Part] { [connector] + tasks }

    /// The parts that FAILED.
    package var failures: [Part] { parts.filter { $0.state == .failed } }

    /// Whether the connector and all its tasks, of which there is one at least, are RUNNING.
    package var isRunning: Bool { !tasks.isEmpty && parts.allSatisfy { $0.state == .running } }

    /// In a few words: `connector RUNNING, 1 of 2 tasks RUNNING`.
    package var summary: String {
        let states = tasks.map(\.state)
        let tally: String
        if let first = states.first, states.allSatisfy({ $0 == first }) {
            tally = states.count == 1 ? "its task \(first)" : "all \(states.count) tasks \(first)"
        } else if states.isEmpty {
            tally = "no tasks"
        } else {
            tally = tasks.map { "\($0.name) \($0.state)" }.joined(separator: ", ")
        }
        return "connector \(connector.state), \(tally)"
    }

    /// Why it FAILED, in sentences, one for each part; none where nothing has.
    package var reasons: [String] {
        failures.map { part in
            let what = part.task == nil ? "The connector \(name)" : "Task \(part.task ?? 0) of \(name)"
            return "\(what) FAILED: \(ConnectError.sentence((part.trace ?? Trace("")).cause))"
        }
    }

    /// The status as JSON, under the names of this tool.
    package var json: String {
        JSONText.object([
            ("name", JSONText.string(name)), ("type", JSONText.string(type.isEmpty ? nil : type)),
            ("state", JSONText.string(connector.state.description)), ("workerId", JSONText.string(connector.worker)),
            ("trace", JSONText.string(connector.trace?.text)),
            (
                "tasks",
                JSONText.array(
                    tasks.map {
                        JSONText.object([
                            ("id", "\($0.task ?? 0)"), ("state", JSONText.string($0.state.description)),
                            ("workerId", JSONText.string($0.worker)), ("trace", JSONText.string($0.trace?.text)),
                        ])
                    })
            ),
        ])
    }
}
