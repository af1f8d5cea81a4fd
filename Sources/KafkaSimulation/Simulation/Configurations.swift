import KafkaBroker
import KafkaWire

extension ClientConfiguration {
    /// The client lives on that host, and logs there.
    public mutating func run(on host: SimulatedHost) {
        loop = host.loop
        logger = host.logger()
    }
}

extension BrokerConfiguration {
    /// The broker lives on that host, and listens on all that it has.
    public mutating func run(on host: SimulatedHost) {
        loop = host.loop
        logger = host.logger()
        self.host = "0.0.0.0"
        advertisedHost = host.name
    }
}
