import KafkaBroker
import KafkaWire

/// APIs by name or number, and which a misspelt name may have meant.
enum NearestNames {
    /// The API with that name, whatever its case, or number.
    static func api(_ name: String) -> API? {
        Int16(name).flatMap { API.of(APIKey(rawValue: $0)) } ?? API.named(name)
    }

    /// A sentence about a name that no API has.
    static func sentence(_ name: String) -> String {
        let near = suggestions(name)
        let question = near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
        return "this build does not know the API \(name)\(question.isEmpty ? ";" : question)"
            + " kw explain --apis lists those that it knows"
    }

    /// Up to three names of APIs that are close.
    static func suggestions(_ name: String) -> [String] {
        NearestName.suggestions(for: name, among: API.all.map(\.name))
    }

    /// How many letters must be put in, taken out or replaced to make one of the other.
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int { NearestName.distance(a, b) }
}
