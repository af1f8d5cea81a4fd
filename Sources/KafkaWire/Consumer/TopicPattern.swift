/// A regular expression that topics are chosen by. It has to match the whole name, as in Java's
/// `Consumer.subscribe(Pattern)`.
public struct TopicPattern: Sendable, Equatable, CustomStringConvertible {
    /// The expression as it was given.
    public let description: String
    /// The expressions of topics that are left out all the same.
    public let exclusions: [String]

    /// A pattern; topics whose whole name one of `exclusions` matches are left out. Throws where one of the texts is no
    /// regular expression.
    public init(_ expression: String, excluding exclusions: [String] = []) throws(KafkaError) {
        for text in [expression] + exclusions {
            do { _ = try Regex(text) } catch {
                throw KafkaError(
                    .invalidConfiguration, "\"\(text)\" is no regular expression for topics (\(error))",
                    setting: "topics")
            }
        }
        description = expression
        self.exclusions = exclusions
    }

    /// Those of `names` that the pattern matches, in order.
    public func matches(among names: some Sequence<String>) -> [String] {
        // They were such when this was made; a Regex cannot be kept, since it is not Sendable.
        guard let regex = try? Regex(description) else { return [] }
        let excluded = exclusions.compactMap { try? Regex($0) }
        return names.filter { name in
            (try? regex.wholeMatch(in: name)) != nil && !excluded.contains { (try? $0.wholeMatch(in: name)) != nil }
        }.sorted()
    }
}
