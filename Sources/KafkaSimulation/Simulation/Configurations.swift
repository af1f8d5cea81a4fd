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
    /// The broker lives on that host, listens on all that it has, and has its data directory on the host's disk. To be
    /// called anew before it is started again.
    public mutating func run(on host: SimulatedHost) {
        loop = host.loop
        logger = host.logger()
        self.host = "0.0.0.0"
        advertisedHost = host.name
        disk = host.disk.mount()
    }
}
