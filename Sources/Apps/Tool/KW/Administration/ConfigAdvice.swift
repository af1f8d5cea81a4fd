import KafkaBroker
import KafkaWire

/// Which name somebody may have meant. Whether a name is wrong the broker decides; this is only about what to say then.
enum ConfigAdvice {
    /// The settings of topics that this build knows.
    static var topicNames: [String] { TopicConfigNames.all }

    /// `; did you mean …?`, or nothing.
    static func question(about name: String, among names: some Sequence<String>) -> String {
        let near = NearestName.suggestions(for: name, among: names)
        return near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
    }

    /// An error of a broker that refused settings, with names that are near to those that nobody knows.
    static func advised(
        _ error: KafkaError, given: some Sequence<String>, known: some Collection<String>
    ) -> KafkaError {
        let codes: [ErrorCode] = [.invalidConfig, .invalidRequest]
        guard let code = error.code.broker, codes.contains(code) else { return error }
        var error = error
        for name in given.sorted() where !known.contains(name) {
            let question = question(about: name, among: known)
            guard !question.isEmpty else { continue }
            error.message += "; \(name) is unknown\(question.replacingFirst("; ", ": "))"
        }
        return error
    }
}

extension String {
    fileprivate func replacingFirst(_ part: String, _ other: String) -> String {
        hasPrefix(part) ? other + dropFirst(part.count) : self
    }
}
