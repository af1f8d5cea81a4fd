import AppSupport
import KafkaOIDC
import KafkaWire

// Settings under Kafka's names, as clients take them: what is wrong is said with its place.

extension NamedSettings {
    /// Sets these in a configuration. `take` is the configuration's own `apply`, which gives the names that nobody knows.
    ///
    /// - Returns: Sentences about those names, and about files that others can read.
    /// - Throws: A sentence with its place, where a value is wrong.
    public func apply(
        _ take: ([(name: String, value: String)]) throws(KafkaError) -> [String]
    ) throws -> [String] {
        // Where the cluster is has been decided before: an option stands over the file.
        let settings = entries.filter { $0.name != "bootstrap.servers" }.map { (name: $0.name, value: $0.value) }
        do throws(KafkaError) { return remarks + (try take(settings).map(remark(onUnknown:))) } catch {
            throw located(error)
        }
    }

    /// The same in the configuration of any client.
    public func apply(to configuration: inout ClientConfiguration) throws -> [String] {
        try apply { settings throws(KafkaError) in try configuration.applyOIDC(settings) }
    }

    /// The error as a sentence that begins with the place of the setting, where one of these settings is to blame.
    public func located(_ error: KafkaError) -> any Error {
        guard error.code == .invalidConfiguration, let entry = error.setting.flatMap({ entry($0) }) else {
            return error
        }
        return SettingFailure(description: "\(entry.place): \(error.message)")
    }

    /// What to say of a name that nobody knows.
    public func remark(onUnknown name: String) -> String {
        let place = entry(name).map { "\($0.place): " } ?? ""
        let near = SettingName.suggestions(for: name)
        // What looks like none of Kafka's names may be the rest of a password that a line's end has parted.
        guard !near.isEmpty || name.contains(".") && value(name)?.isEmpty == false else {
            return
                "\(place)nobody knows the setting there, which has no effect: write NAME=VALUE, and \\ where a line goes on"
        }
        let question = near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
        return
            "\(place)nobody knows the setting \(SafeText.line(name))\(question.isEmpty ? ", which has no effect" : question)"
    }

    /// Where the cluster is, as a list of `host:port`: what an option says, else `bootstrap.servers` among these settings, else
    /// the environment's `KAFKA_BOOTSTRAP`, else `standard`.
    public func bootstrap(_ option: String?, standard: String) -> [String] {
        let given = option ?? value("bootstrap.servers") ?? ProgramEnvironment.value("KAFKA_BOOTSTRAP")
        let servers = (given ?? "").split(separator: ",").map { Self.trimmed(String($0)) }.filter { !$0.isEmpty }
        return servers.isEmpty ? [standard] : servers
    }
}

/// A setting that cannot be taken, in a sentence that begins with its place.
public struct SettingFailure: Error, CustomStringConvertible, Sendable {
    /// The sentence.
    public let description: String
}
