/// An API of Kafka's protocol: its number, its name, and how it is spoken. One table, in the order of the numbers; the
/// list of what Kafka 4.3 has is checked against `Fixtures/protocol/apis.tsv`.
public struct API: Sendable {
    /// The number in request headers.
    public let key: APIKey
    /// The name, as in Kafka's documentation.
    public let name: String
    /// The highest version that is stable; the messages may know a later, unstable one.
    public let latestStable: Int16
    /// The type of the request.
    public let request: any WireRequest.Type
    /// The type of the response.
    public let response: any WireMessage.Type

    init<R: WireRequest>(_ name: String, _ request: R.Type, latestStable: Int16? = nil) {
        key = R.api
        self.name = name
        self.latestStable = latestStable ?? R.versions.upperBound
        self.request = request
        response = R.Response.self
    }

    /// The versions that this library speaks and Kafka calls stable.
    public var stableVersions: ClosedRange<Int16> { request.versions.lowerBound...latestStable }

    /// The API with that number, or nil where this library does not know it.
    public static func of(_ key: APIKey) -> API? { byKey[key] }
    /// The API with that name, whatever its case, or nil.
    public static func named(_ name: String) -> API? { all.first { $0.name.lowercased() == name.lowercased() } }

    private static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })

    /// Every API that this library knows.
    public static let all: [API] = [
        API("Produce", ProduceRequest.self),
        API("Fetch", FetchRequest.self),
        API("ListOffsets", ListOffsetsRequest.self),
        API("Metadata", MetadataRequest.self),
        API("OffsetCommit", OffsetCommitRequest.self),
        API("OffsetFetch", OffsetFetchRequest.self),
        API("FindCoordinator", FindCoordinatorRequest.self),
        API("JoinGroup", JoinGroupRequest.self),
        API("Heartbeat", HeartbeatRequest.self),
        API("LeaveGroup", LeaveGroupRequest.self),
        API("SyncGroup", SyncGroupRequest.self),
        API("ApiVersions", ApiVersionsRequest.self),
        API("CreateTopics", CreateTopicsRequest.self),
        API("DeleteTopics", DeleteTopicsRequest.self),
        API("InitProducerId", InitProducerIdRequest.self, latestStable: 5),
        API("DescribeCluster", DescribeClusterRequest.self),
    ]
}

extension APIKey {
    public static let produce = APIKey(0)
    public static let fetch = APIKey(1)
    public static let listOffsets = APIKey(2)
    public static let metadata = APIKey(3)
    public static let offsetCommit = APIKey(8)
    public static let offsetFetch = APIKey(9)
    public static let findCoordinator = APIKey(10)
    public static let joinGroup = APIKey(11)
    public static let heartbeat = APIKey(12)
    public static let leaveGroup = APIKey(13)
    public static let syncGroup = APIKey(14)
    public static let apiVersions = APIKey(18)
    public static let createTopics = APIKey(19)
    public static let deleteTopics = APIKey(20)
    public static let initProducerId = APIKey(22)
    public static let describeCluster = APIKey(60)
}

extension APIKey: CustomStringConvertible {
    /// The API's name, or `API 123` where it is not known.
    public var description: String { API.of(self)?.name ?? "API \(rawValue)" }
}
