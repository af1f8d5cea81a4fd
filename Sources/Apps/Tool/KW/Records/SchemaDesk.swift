import AppSupport
import KafkaSchemas
import KafkaWire
import RecordText
import ToolKit

/// Shows records by the schemas of a registry, which it asks for those that it does not know yet.
struct SchemaDesk {
    private typealias Answer = Result<SchemaRegistryClient.Schema, SchemaRegistryError>

    private let registry: SchemaRegistryClient
    private let sides: [RecordSide]
    private let tool: Tool
    private let loop: any EventLoop
    private var texts: RegistryText

    /// So long a registry that is away is asked again.
    private static let patience: Duration = .seconds(1)

    init(
        _ registry: SchemaRegistryClient, _ form: RegistryText.Form, for renderer: any RecordRenderer, _ tool: Tool
    ) throws(NetError) {
        self.registry = registry
        self.tool = tool
        loop = try tool.loop
        sides = RecordSide.allCases.filter(renderer.shows)
        texts = RegistryText(form)
    }

    /// Whether the registry is asked before the record is shown, which may take its time.
    func mustAsk(for record: ShownRecord) -> Bool {
        sides.contains { texts.wanted(by: record[$0], at: loop.now) != nil }
    }

    /// The record with text in place of what is written by schemas; nil where the end was requested meanwhile.
    ///
    /// - Throws: A sentence where the registry is away, or gives nothing to this login.
    mutating func shown(_ record: ShownRecord, of source: TopicPartition) async throws(ToolFailure) -> ShownRecord? {
        var shown = record
        for side in sides {
            var sentences: [String?] = []
            if let id = texts.wanted(by: record[side], at: loop.now) {
                guard let answer = await ask(id) else { return nil }
                if case .failure(let error) = answer, let failure = Self.failure(error) { throw failure }
                sentences.append(texts.learn(id, answer, for: side, at: loop.now))
            }
            guard let bytes = record[side] else { continue }
            let read = texts.read(bytes, side)
            shown[side] = read.text
            for sentence in sentences + [read.trouble] {
                if let sentence { tool.complain("\(source), offset \(record.offset): \(sentence)") }
            }
        }
        return shown
    }

    /// Asks for a schema, again for a while where nobody answers; nil where the end was requested.
    private func ask(_ id: Int32) async -> Answer? {
        let (registry, loop, shutdown) = (registry, loop, tool.shutdown)
        let asking = Task {
            let began = loop.now
            while true {
                do throws(SchemaRegistryError) { return Answer.success(try await registry.schema(id)) } catch {
                    guard error.mayPass, loop.now - began < Self.patience,
                        (try? await loop.sleep(for: .milliseconds(200))) != nil
                    else { return Answer.failure(error) }
                }
            }
        }
        let stopper = Task {
            await shutdown.wait()
            asking.cancel()
        }
        defer { stopper.cancel() }
        let answer = await asking.value
        return shutdown.isRequested ? nil : answer
    }

    /// The end of the command, where the registry gives nothing at all.
    private static func failure(_ error: SchemaRegistryError) -> ToolFailure? {
        let advice: String
        switch error.reason {
        case .unavailable: advice = "start it, or correct --schema-registry"
        case .refused: advice = "name a login that may read it with --schema-registry-login"
        case .settings, .unknown, .malformed: return nil
        }
        return ToolFailure("\(error); \(advice), or leave --schema-registry out to see the bytes as they are")
    }
}
