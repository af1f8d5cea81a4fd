/// A regular expression that topics are chosen by. It has to match the whole name, as in Java's
/// `Consumer.subscribe(Pattern)`.
public struct TopicPattern: Sendable, Equatable, CustomStringConvertible {
    /// The expression as it was given.
    public let description: String

    /// A pattern. Throws where the text is no regular expression.
    public init(_ expression: String) throws(KafkaError) {
        do { _ = try Regex(expression) } catch {
            throw KafkaError(
                .invalidConfiguration, "\"\(expression)\" is no regular expression for topics (\(error))",
                setting: "topics")
        }
        description = expression
    }

    /// Those of `names` that the pattern matches, in order.
    public func matches(among names: some Sequence<String>) -> [String] {
        // It was one when this was made; a Regex cannot be kept, since it is not Sendable.
        guard let regex = try? Regex(description) else { return [] }
        return names.filter { (try? regex.wholeMatch(in: $0)) != nil }.sorted()
    }
}
