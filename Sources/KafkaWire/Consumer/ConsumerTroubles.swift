/// What a consumer tells the application of what does not work.
extension ConsumerEngine {
    /// Tells the application of something that does not work, once until it works again.
    func report(_ error: KafkaError, _ source: Troubles.Source) {
        guard !isClosed else { return }
        let change = troubles.begin(source)
        guard change != .none else { return configuration.client.logger.debug("\(error.message)") }
        configuration.client.logger.warning("\(error.message)")
        guard change == .first else { return }
        events.append(.trouble(error))
        wakeApplication()
    }

    /// A coordinator that loads, a transaction that ends, a leader that is elected are matters of a moment; a broker that
    /// cannot be reached is said at once.
    func isToBeTold(_ error: KafkaError, after failures: Int) -> Bool { error.code.broker == nil || failures > 2 }

    func worksAgain(_ source: Troubles.Source) { tell(troubles.end(source)) }

    func tell(_ change: Troubles.Change) {
        guard change == .recovered, !isClosed else { return }
        configuration.client.logger.info("consuming works again")
        events.append(.recovered)
        wakeApplication()
    }
}
