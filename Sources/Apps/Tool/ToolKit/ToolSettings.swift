import ClientSetup
import KafkaOIDC
import KafkaWire

extension NamedSettings {
    /// Sets these in the configuration of a client. Says on standard error which names nobody knows; throws, with its
    /// place, where a value is wrong.
    package func apply(to configuration: inout ClientConfiguration, _ tool: Tool) throws {
        try apply { settings throws(KafkaError) in try configuration.applyOIDC(settings) }.forEach(tool.complain)
    }

    /// The same for a producer.
    package func apply(to configuration: inout KafkaProducer.Configuration, _ tool: Tool) throws {
        try apply { settings throws(KafkaError) in try configuration.applyOIDC(settings) }.forEach(tool.complain)
    }

    /// The same for a consumer.
    package func apply(to configuration: inout KafkaConsumer.Configuration, _ tool: Tool) throws {
        try apply { settings throws(KafkaError) in try configuration.applyOIDC(settings) }.forEach(tool.complain)
    }
}
