import AppSupport
import ArgumentParser
import KafkaWire
import ToolKit

/// What became of a command's items: those that did not work are told in a sentence each when all are done.
struct Failures {
    private(set) var sentences: [String] = []

    mutating func add(_ error: KafkaError) { sentences.append(SafeText.line(error.message)) }

    mutating func add(_ sentence: String) { sentences.append(SafeText.line(sentence)) }

    /// The value, or nil, and the sentence is noted.
    mutating func take<Value>(_ result: Result<Value, KafkaError>?) -> Value? {
        switch result {
        case .success(let value)?: return value
        case .failure(let error)?: add(error)
        case nil: break
        }
        return nil
    }

    /// Throws what was noted, where something was.
    func finish() throws(ToolFailure) { if !sentences.isEmpty { throw ToolFailure(sentences) } }
}

/// A usage error where more or less than one of several options is given.
func requireOne(_ options: [(name: String, isGiven: Bool)]) throws -> String {
    let given = options.filter(\.isGiven).map(\.name)
    guard given.count == 1, let action = given.first else {
        let all = options.map(\.name)
        let list = all.dropLast().joined(separator: ", ") + " or " + (all.last ?? "")
        throw ValidationError(
            given.isEmpty
                ? "say what to do: \(list)" : "\(given.joined(separator: " and ")) exclude each other; use one")
    }
    return action
}
