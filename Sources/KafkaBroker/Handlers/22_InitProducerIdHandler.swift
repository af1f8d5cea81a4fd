import KafkaWire

/// InitProducerId: a producer's id and epoch.
///
/// - Without a transactional id the answer is always a new id with epoch 0, also where the producer brings an old one,
///   as in Kafka.
/// - With a transactional id every call goes on by an epoch, which fences whoever had the one before. An open
///   transaction is aborted, and the producer told to ask again (CONCURRENT_TRANSACTIONS). A producer that says who it
///   was is answered only if it still is (KIP-360). After the last epoch comes another id.
/// - Fencing is told as PRODUCER_FENCED from v4 on, as INVALID_PRODUCER_EPOCH before (KIP-588).
/// - With an authorizer, an id without a transactional id takes IDEMPOTENT_WRITE on the cluster, or WRITE on any topic
///   (KIP-679).
/// - Deviation: v6 (two-phase commits, KIP-939) is not stable in Kafka 4.3, and not served.
enum InitProducerIdHandler: RequestHandler {
    static let api = ServedAPI(InitProducerIdHandler.self)

    static func handle(_ request: InitProducerIdRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        func refuse(_ code: ErrorCode) -> Outcome {
            .answer(
                InitProducerIdResponse.with {
                    $0.errorCode = code
                    $0.producerEpoch = -1
                })
        }
        let isInOrder = (request.producerId == .none) == (request.producerEpoch == .none)
        guard let id = request.transactionalId else {
            guard node.allowsOnCluster(.idempotentWrite, context) || node.allowsAny(.write, of: .topic, context) else {
                return refuse(.clusterAuthorizationFailed)
            }
            guard isInOrder else { return refuse(.invalidRequest) }
            return .answer(InitProducerIdResponse.with { $0.producerId = node.transactions.takeProducerId() })
        }
        guard isInOrder else { return refuse(.invalidRequest) }
        let asked = ProducerIdentity(id: request.producerId, epoch: request.producerEpoch)
        do throws(TransactionRefusal) {
            let producer = try node.transactions.initialize(
                id, asked: asked == .none ? nil : asked, timeout: request.transactionTimeoutMs.duration,
                now: context.now)
            return .answer(
                InitProducerIdResponse.with {
                    $0.producerId = producer.id
                    $0.producerEpoch = producer.epoch
                })
        } catch {
            return refuse(error.code.fencing(toldFrom: 4, in: context))
        }
    }
}

extension ErrorCode {
    /// PRODUCER_FENCED, where the version of the API knows it; before, it was INVALID_PRODUCER_EPOCH (KIP-588).
    func fencing(toldFrom version: Int16, in context: RequestContext) -> ErrorCode {
        self == .producerFenced && context.version < version ? .invalidProducerEpoch : self
    }
}
