import KafkaWire

/// EndTxn: commits or aborts a producer's transaction (KIP-98).
///
/// - The markers are in the logs, and the offsets with their groups, before the answer leaves; in Kafka they follow, and
///   a producer that is quick may be told CONCURRENT_TRANSACTIONS.
/// - v5 is version 2 of transactions (KIP-890): every end goes on by an epoch, which the answer tells, together with a
///   new id after the last epoch. An abort is taken where nothing was added too.
/// - Fencing is told as PRODUCER_FENCED from v2 on, as INVALID_PRODUCER_EPOCH before (KIP-588).
/// - A commit whose transaction the coordinator has aborted meanwhile is answered PRODUCER_FENCED in v5, as in versions
///   of Kafka after 4.3.0 (KAFKA-20785); 4.3.0 says INVALID_TXN_STATE, which clients take as the end.
enum EndTxnHandler: RequestHandler {
    static let api = ServedAPI(EndTxnHandler.self)

    static func handle(_ request: EndTxnRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        var response = EndTxnResponse()
        do throws(TransactionRefusal) {
            let producer = try node.transactions.end(
                request.transactionalId, of: .init(id: request.producerId, epoch: request.producerEpoch),
                commit: request.committed, isVersion2: context.version >= 5, now: context.now)
            response.producerId = producer.id
            response.producerEpoch = producer.epoch
        } catch {
            response.errorCode = error.code.fencing(toldFrom: 2, in: context)
        }
        return .answer(response)
    }
}
