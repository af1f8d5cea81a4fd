import ClusterView
import JSONLines
import KafkaWire
import Screens

/// The doctor and `kw top` with a broker whose answers are changed: the first byte says which, the rest are an
/// ``AnswerScript``. What they show holds no characters that steer a terminal; what is JSON reads as such.
enum DoctorCheck {
    static func run(_ input: Bytes, _ memory: MemoryMeter) throws(Finding) {
        guard input.count >= 2 else { return }
        let script = input[1..<input.count]
        let kind = input[0]
        let lines = try memory.bound("looking at a cluster", script.count, perByte: 64 << 10, base: 128 << 20) {
            Result { () throws(Finding) in
                try Waiting.result(kind & 1 == 0 ? "the doctor" : "kw top") {
                    await AnswersCheck.withBroker(script) { client in
                        kind & 1 == 0 ? await examine(client) : await watch(client, keys: kind >> 1)
                    }
                }
            }
        }
        for line in try lines.get() {
            if line.isJSON { try claim(Document(Array(line.text.utf8)) != nil, "no JSON: \(line.text)") }
            try TerminalCheck.isHarmless(line.text)
        }
    }

    private struct Line: Sendable {
        var text: String
        var isJSON = false
    }

    // MARK: - The doctor

    private static func examine(_ client: ClientConfiguration) async -> [Line] {
        var configuration = KafkaDoctor.Configuration(client)
        configuration.topics = ["t", "nowhere"]
        configuration.groups = ["g", "c", "h"]
        configuration.watch = .milliseconds(10)
        configuration.timeout = .milliseconds(100)
        configuration.usualPorts = []
        let report = await KafkaDoctor(configuration).examine()
        // The doctor's sentences may hold what a broker said; whoever prints them sees to the terminal.
        _ = report.findings.map { ($0.message, $0.advice, "\($0.place)") }
        return []
    }

    // MARK: - kw top

    private static func watch(_ client: ClientConfiguration, keys: UInt8) async -> [Line] {
        guard let admin = try? KafkaAdmin(client) else { return [] }
        let sampler = ClusterSampler(admin, bootstrap: client.bootstrapServers[0], rarely: .zero)
        var history = ClusterHistory()
        var state = TopState(size: (columns: 100, rows: 30))
        var lines: [Line] = []
        for round in 0..<2 {
            let look: Result<ClusterSnapshot, KafkaError>
            do throws(KafkaError) { look = .success(try await sampler.look(allSizes: round == 1)) } catch {
                look = .failure(error)
            }
            state.take(look)
            guard case .success(let snapshot) = look else { continue }
            history.add(snapshot)
            let report = SnapshotReport(snapshot, history, hasRates: round == 1)
            lines += report.lines(width: 80).map { Line(text: $0) }
            lines.append(Line(text: report.json(measured: round == 1 ? .seconds(1) : nil), isJSON: true))
        }
        let words: [[Key]] = [
            [.tab], [.character("1"), .enter], [.character("2"), .down, .enter, .tab], [.character("3"), .enter],
            [.character("s")], [.character("r")], [.character("?")], [.character("/"), .character("t"), .enter],
        ]
        for index in 0..<3 {
            for key in words[(Int(keys) + index * 3) % words.count] { _ = state.press(key) }
            lines += TopScreen.lines(state, clock: "12:00:00").map { Line(text: $0.text) }
        }
        await admin.close()
        return lines
    }
}

/// What goes to a terminal cannot steer it.
enum TerminalCheck {
    static func isHarmless(_ text: String, allowing allowed: String = "") throws(Finding) {
        let steering = text.unicodeScalars.first {
            JSONText.isSteering($0) && !allowed.unicodeScalars.contains($0)
        }
        try claim(
            steering == nil,
            "U+\(String(steering?.value ?? 0, radix: 16)) goes to the terminal: \(text.prefix(200).debugDescription)")
    }
}
