import KafkaWire

/// AddOffsetsToTxn: a group for which a producer is about to commit offsets in its transaction (KIP-98).
///
/// - Fencing is told as PRODUCER_FENCED from v2 on, as INVALID_PRODUCER_EPOCH before (KIP-588).
enum AddOffsetsToTxnHandler: RequestHandler {
    static let api = ServedAPI(AddOffsetsToTxnHandler.self)

    static func handle(_ request: AddOffsetsToTxnRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        var response = AddOffsetsToTxnResponse()
        do throws(TransactionRefusal) {
            guard !request.groupId.isEmpty else { throw TransactionRefusal(.invalidGroupId) }
            try node.transactions.add(
                EmptyCollection(), groups: [request.groupId], to: request.transactionalId,
                of: .init(id: request.producerId, epoch: request.producerEpoch), now: context.now)
        } catch {
            response.errorCode = error.code.fencing(toldFrom: 2, in: context)
        }
        return .answer(response)
    }
}
