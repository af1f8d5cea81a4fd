import AppSupport
import KafkaWire

// Settings under Kafka's names, as clients take them: what is wrong is said with its place.

extension ToolSettings {
    /// Sets these in the configuration of a client. Says on standard error which names nobody knows; throws, with its
    /// place, where a value is wrong.
    package func apply(to configuration: inout ClientConfiguration, _ tool: Tool) throws {
        try apply(tool) { settings throws(KafkaError) in try configuration.apply(settings) }
    }

    /// The same for a producer.
    package func apply(to configuration: inout KafkaProducer.Configuration, _ tool: Tool) throws {
        try apply(tool) { settings throws(KafkaError) in try configuration.apply(settings) }
    }

    /// The same for a consumer.
    package func apply(to configuration: inout KafkaConsumer.Configuration, _ tool: Tool) throws {
        try apply(tool) { settings throws(KafkaError) in try configuration.apply(settings) }
    }

    private func apply(
        _ tool: Tool, _ take: ([(name: String, value: String)]) throws(KafkaError) -> [String]
    ) throws {
        // Where the cluster is has been decided before: an option stands over the file.
        let settings = entries.filter { $0.name != "bootstrap.servers" }.map { (name: $0.name, value: $0.value) }
        let unknown: [String]
        do throws(KafkaError) { unknown = try take(settings) } catch { throw located(error) }
        for name in unknown { tool.complain(remark(onUnknown: name)) }
    }

    /// The error as a sentence that begins with the place of the setting, where one of these settings is to blame.
    package func located(_ error: KafkaError) -> any Error {
        guard error.code == .invalidConfiguration, let entry = error.setting.flatMap({ entry($0) }) else {
            return error
        }
        return ToolFailure("\(entry.place): \(error.message)")
    }

    /// What to say of a name that nobody knows.
    package func remark(onUnknown name: String) -> String {
        let place = entry(name).map { "\($0.place): " } ?? ""
        let near = SettingName.suggestions(for: name)
        let question = near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
        return
            "\(place)nobody knows the setting \(SafeText.line(name))\(question.isEmpty ? ", which has no effect" : question)"
    }
}
