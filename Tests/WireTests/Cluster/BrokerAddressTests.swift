import TestSupport
import Testing

@testable import KafkaWire

@Suite(.turn) struct BrokerAddressTests {
    @Test(arguments: [
        ("localhost", "localhost", 9092 as UInt16), ("localhost:1234", "localhost", 1234),
        ("PLAINTEXT://kafka.example:9093", "kafka.example", 9093), ("[::1]:9094", "::1", 9094), ("[::1]", "::1", 9092),
        ("::1", "::1", 9092), ("10.0.0.1:1", "10.0.0.1", 1), ("h:65535", "h", 65535),
        ("unix:/run/kafka.sock", "unix:/run/kafka.sock", 0),
    ])
    func isRead(_ text: String, _ host: String, _ port: UInt16) throws {
        #expect(try BrokerAddress(text) == BrokerAddress(host: host, port: port))
    }

    @Test(arguments: [
        "", ":9092", "host:", "host:0", "host:65536", "host:x", "a b:9092", "PLAINTEXT://", "[]:1", "host:-1",
        "unix:",
    ])
    func isRefused(_ text: String) {
        let error = #expect(throws: KafkaError.self) { try BrokerAddress(text) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.setting == "bootstrap.servers")
    }

    @Test func isWrittenSoThatItCanBeReadAgain() throws {
        for text in ["[::1]:9094", "localhost:1234", "unix:/run/kafka.sock"] {
            #expect("\(try BrokerAddress(text))" == text)
        }
    }
}
