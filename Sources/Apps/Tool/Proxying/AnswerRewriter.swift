import KafkaWire

/// What a proxy must change in answers, and how: the addresses of brokers, and the versions that a broker offers of the
/// very answers in which those stand.
///
/// Everything else of an answer stays as it came. An answer in which nothing is to be changed is not written anew.
package enum AnswerRewriter {
    /// What came of an answer.
    package enum Outcome: Equatable, Sendable {
        /// There is nothing to change: the bytes go on as they are.
        case unchanged
        /// The frame to send in its place.
        case changed([UInt8])
        /// The bytes are no such answer, and go on as they are.
        case unreadable(WireError)
    }

    /// By what a broker's address is replaced; nil leaves it.
    package typealias Replacement = (HostPort) -> HostPort?

    /// The first version of each answer that carries addresses of brokers.
    private static let first: [APIKey: Int16] = [
        .metadata: 0, .findCoordinator: 0, .describeCluster: 0, .describeQuorum: 2, .produce: 10, .fetch: 16,
        .shareFetch: 0, .shareAcknowledge: 0,
    ]

    /// Whether an answer may carry an address, or say which versions there are.
    package static func concerns(_ api: APIKey, _ version: Int16) -> Bool {
        if api == .apiVersions { return true }
        return first[api].map { version >= $0 } ?? false
    }

    /// Whether that answer may carry an address and is of a version that cannot be read here.
    package static func isBeyond(_ api: APIKey, _ version: Int16) -> Bool {
        guard concerns(api, version), let known = API.of(api) else { return false }
        return version > known.response.versions.upperBound
    }

    /// The answer to send in place of `frame`, whose size is in front. `inspect` is shown the answer that was read, with
    /// its version.
    package static func rewrite(
        _ frame: Bytes, of api: APIKey, _ version: Int16, inspect: (any WireMessage, Int16) -> Void = { _, _ in },
        _ replacement: Replacement
    ) -> Outcome {
        do throws(WireError) {
            switch api {
            case .metadata:
                return try change(MetadataResponse.self, frame, version, inspect) { answer in
                    change(&answer.brokers, \.host, \.port, replacement)
                }
            case .findCoordinator:
                return try change(FindCoordinatorResponse.self, frame, version, inspect) { answer in
                    let one = change(&answer.host, &answer.port, replacement)
                    let several = change(&answer.coordinators, \.host, \.port, replacement)
                    return one || several
                }
            case .describeCluster:
                return try change(DescribeClusterResponse.self, frame, version, inspect) { answer in
                    change(&answer.brokers, \.host, \.port, replacement)
                }
            case .describeQuorum:
                return try change(DescribeQuorumResponse.self, frame, version, inspect) { answer in
                    var hasChanged = false
                    for index in answer.nodes.indices {
                        let changed = change(&answer.nodes[index].listeners, \.host, \.port, replacement)
                        hasChanged = changed || hasChanged
                    }
                    return hasChanged
                }
            case .produce:
                return try change(ProduceResponse.self, frame, version, inspect) { answer in
                    change(&answer.nodeEndpoints, \.host, \.port, replacement)
                }
            case .fetch:
                return try change(FetchResponse.self, frame, version, inspect) { answer in
                    change(&answer.nodeEndpoints, \.host, \.port, replacement)
                }
            case .shareFetch:
                return try change(ShareFetchResponse.self, frame, version, inspect) { answer in
                    change(&answer.nodeEndpoints, \.host, \.port, replacement)
                }
            case .shareAcknowledge:
                return try change(ShareAcknowledgeResponse.self, frame, version, inspect) { answer in
                    change(&answer.nodeEndpoints, \.host, \.port, replacement)
                }
            case .apiVersions:
                return try limitVersions(frame, version, inspect)
            default: return .unchanged
            }
        } catch {
            return .unreadable(error)
        }
    }

    // MARK: - Versions

    /// Nothing that has to be rewritten may be spoken in a version that cannot be read here.
    private static func limitVersions(
        _ frame: Bytes, _ version: Int16, _ inspect: (any WireMessage, Int16) -> Void
    ) throws(WireError) -> Outcome {
        // A broker that does not know the request's version answers in version 0 (KIP-511).
        var version = version
        if version > 0, frame.count >= 10, frame[8] == 0, frame[9] == 35 { version = 0 }
        return try change(ApiVersionsResponse.self, frame, version, inspect) { answer in
            var hasChanged = false
            for index in answer.apiKeys.indices {
                let offered = answer.apiKeys[index]
                guard let highest = highestVersion(APIKey(rawValue: offered.apiKey)), offered.maxVersion > highest
                else { continue }
                answer.apiKeys[index].maxVersion = max(highest, offered.minVersion)
                hasChanged = true
            }
            return hasChanged
        }
    }

    /// The highest version of an API that may be offered to clients; nil is without limit.
    package static func highestVersion(_ api: APIKey) -> Int16? {
        first[api] == nil ? nil : API.of(api)?.response.versions.upperBound
    }

    // MARK: - Helpers

    /// Reads an answer, lets `body` change it, and writes it where that says that it has.
    private static func change<R: WireMessage>(
        _ type: R.Type, _ frame: Bytes, _ version: Int16, _ inspect: (any WireMessage, Int16) -> Void,
        _ body: (inout R) -> Bool
    ) throws(WireError) -> Outcome {
        guard R.versions.contains(version) else {
            throw WireError(.unsupportedVersion(supported: R.versions), message: R.wireName, version: version)
        }
        guard frame.count >= 4 else { throw WireError(.truncated(needed: 4, available: frame.count)) }
        let content = frame[4..<frame.count]
        let headerVersion = ResponseHeader.version(for: type, version)
        let (header, size) = try ResponseHeader.decodePrefix(content, version: headerVersion)
        var (answer, rest) = try decode(type, content[size..<content.count], version)
        inspect(answer, version)
        guard body(&answer) else { return .unchanged }
        var writer = ByteWriter(capacity: frame.count + 64)
        writer.integer(0 as Int32)
        writer = try header.encode(into: writer, version: headerVersion)
        writer = try answer.encode(into: writer, version: version)
        var bytes = writer.array() + rest.copy()
        guard let length = Int32(exactly: bytes.count - 4) else {
            throw WireError(.tooLong(bytes.count, limit: Int(Int32.max)), field: "size")
        }
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: length.bigEndian, as: Int32.self) }
        return .changed(bytes)
    }

    /// Reads a body; bytes behind its end are kept, as clients pass over them.
    private static func decode<R: WireMessage>(
        _ type: R.Type, _ body: Bytes, _ version: Int16
    ) throws(WireError) -> (R, rest: Bytes) {
        do throws(WireError) {
            return (try R.decode(body, version: version), Bytes())
        } catch {
            guard case .trailing(let count) = error.reason, (1..<body.count).contains(count) else { throw error }
            let end = body.count - count
            return (try R.decode(body[0..<end], version: version), body[end..<body.count])
        }
    }

    private static func change<Element, Port: FixedWidthInteger>(
        _ elements: inout [Element], _ host: WritableKeyPath<Element, String>,
        _ port: WritableKeyPath<Element, Port>, _ replacement: Replacement
    ) -> Bool {
        var hasChanged = false
        for index in elements.indices {
            var name = elements[index][keyPath: host]
            var number = elements[index][keyPath: port]
            guard change(&name, &number, replacement) else { continue }
            elements[index][keyPath: host] = name
            elements[index][keyPath: port] = number
            hasChanged = true
        }
        return hasChanged
    }

    /// An answer that names nobody has no host, or the port -1.
    private static func change<Port: FixedWidthInteger>(
        _ host: inout String, _ port: inout Port, _ replacement: Replacement
    ) -> Bool {
        guard !host.isEmpty, let number = UInt16(exactly: port), number > 0,
            let other = replacement(HostPort(host: host, port: number))
        else { return false }
        guard other.host != host || other.port != number else { return false }
        host = other.host
        port = Port(other.port)
        return true
    }
}
