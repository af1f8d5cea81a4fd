/// Why a broker could not be started, in a sentence.
public struct BrokerStartError: Error, CustomStringConvertible, Sendable {
    /// The sentence.
    public let description: String
}

/// Why a command was not carried out, in a sentence.
public struct BrokerCommandError: Error, CustomStringConvertible, Sendable, Equatable {
    /// The sentence.
    public let description: String
    init(_ description: String) { self.description = description }
}
