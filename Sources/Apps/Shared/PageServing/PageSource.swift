import KafkaWire

/// What a ``PageServer`` shows.
package protocol PageSource: Sendable {
    /// What visitors come over; nil where they come as they are.
    var tls: TLSContext? { get }

    /// The answer that takes no work and no waiting; nil where there is more to it.
    func quickAnswer(to request: PageRequest) -> PageAnswer?

    /// The answer to a request from that address, one after the other; who gives a wrong password waits for it that much longer.
    func answer(to request: PageRequest, from address: String) async -> (answer: PageAnswer, isDoubtful: Bool)
}
