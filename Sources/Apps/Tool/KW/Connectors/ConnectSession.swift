import AppSupport
import ConnectREST
import JSONLines
import ToolKit

/// A worker that is asked on behalf of a command: again while Connect rebalances, and until a connector is where it
/// should be.
struct ConnectSession {
    let client: ConnectClient
    let tool: Tool

    /// How long requests are repeated that only look.
    private static let patience = Duration.seconds(30)
    private static let pause = Duration.milliseconds(200)

    /// Asks, and asks again while the worker is busy with its group.
    @discardableResult func call(
        _ method: ConnectClient.Method, _ path: [String], query: [(String, String)] = [], body: Document? = nil,
        within bound: Duration = patience
    ) async throws -> Document {
        let deadline = ContinuousClock.now.advanced(by: bound)
        while true {
            do throws(ConnectError) {
                return try await client.call(method, path, query: query, body: body)
            } catch {
                guard error.passes, ContinuousClock.now < deadline else { throw error }
                tool.console.progress("Connect is rebalancing: asking again")
                try await Task.sleep(for: Self.pause)
            }
        }
    }

    /// A connector's status; nil where there is none (yet).
    func status(_ name: String, within bound: Duration = patience) async throws -> ConnectorStatus? {
        do {
            let document = try await call(.get, ["connectors", name, "status"], within: bound)
            guard let status = ConnectorStatus(document) else {
                throw ConnectError(.notConnect, "Connect's answer is no status of a connector.")
            }
            return status
        } catch let error as ConnectError where error.kind == .notFound { return nil }
    }

    /// A connector's status; throws what Connect says where there is none.
    func requiredStatus(_ name: String) async throws -> ConnectorStatus {
        if let status = try await status(name) { return status }
        throw ToolFailure("There is no connector \(SafeText.line(name)); `kw connectors list` shows what there is.")
    }

    /// The status of all connectors, by name.
    func all() async throws -> [(status: ConnectorStatus, config: ConnectorConfig)] {
        let answer = try await call(.get, ["connectors"], query: [("expand", "status"), ("expand", "info")])
        var found: [(ConnectorStatus, ConnectorConfig)] = []
        for field in answer.fields {
            guard let status = field.value["status"].flatMap(ConnectorStatus.init) else { continue }
            let config = field.value["info"]?["config"].flatMap { try? ConnectorConfig($0, source: field.name) }
            found.append((status, config ?? ConnectorConfig()))
        }
        // Before Kafka 2.3 there are only names.
        for name in answer.elements.compactMap(\.text) {
            guard let status = try await status(name) else { continue }
            let config = try await call(.get, ["connectors", name, "config"])
            found.append((status, try ConnectorConfig(config, source: name)))
        }
        return found.sorted { $0.0.name < $1.0.name }
    }

    // MARK: - Waiting

    /// Waits until the connector is where it should be. Throws why it will not come there, or that the time is over.
    func reach(
        _ goal: ConnectorWait.Goal, _ name: String, before: ConnectorStatus?, within bound: Duration,
        secrets: Secrets? = nil
    ) async throws -> (status: ConnectorStatus, time: Duration) {
        var wait = ConnectorWait(goal, before: before)
        let began = ContinuousClock.now
        let shown = SafeText.line(name)
        var how = "no status yet"
        while true {
            let status = try await status(name, within: bound)
            let elapsed = began.duration(to: .now)
            switch wait.judge(status, after: elapsed) {
            case .reached:
                tool.console.endProgress()
                if let status { return (status, elapsed) }
            case .failed(let reasons):
                throw ToolFailure(
                    reasons.map { SafeText.line(secrets?.hidden(in: $0) ?? $0) }
                        + ["`kw connectors status \(shown) --trace` shows all of it."])
            case .waiting(let state): how = state
            }
            guard elapsed < bound else {
                throw ToolFailure(
                    "\(shown) is not \(goal.rawValue) after \(TimeSpan(bound)): \(how). `kw connectors status \(shown)` "
                        + "shows more; --wait gives it longer.")
            }
            tool.console.progress(
                "waiting for \(shown) to be \(goal.rawValue): \(how) (\(elapsed.components.seconds) s)")
            try await Task.sleep(for: min(Self.pause, bound - elapsed + .milliseconds(1)))
        }
    }

    /// Asks something of a connector, waits for what it leads to, and says so.
    func change(
        _ name: String, to goal: ConnectorWait.Goal, _ options: WaitOptions, isNew: Bool = false,
        secrets: Secrets? = nil, _ request: (Duration) async throws -> Void
    ) async throws -> ConnectorStatus? {
        let began = ContinuousClock.now
        let before = options.noWait ? nil : try await status(name, within: options.wait.duration)
        do { try await request(options.wait.duration) } catch let error as ConnectError {
            throw ToolFailure(error.sentences.map { SafeText.line(secrets?.hidden(in: $0) ?? $0) })
        }
        if options.noWait { return nil }
        let left = max(.milliseconds(1), options.wait.duration - began.duration(to: .now))
        return try await reach(goal, name, before: before, within: left, secrets: secrets).status
    }

    /// Does something with each of several connectors: what fails is told at the end, when the others are done.
    func each(_ names: [String], _ work: (String) async throws -> Void) async throws {
        var failures: [String] = []
        for name in names {
            do { try await work(name) } catch let error as ToolFailure { failures += error.sentences } catch let error
                as ConnectError
            { failures += error.sentences.map { SafeText.line($0) } }
        }
        if !failures.isEmpty { throw ToolFailure(failures) }
    }
}
