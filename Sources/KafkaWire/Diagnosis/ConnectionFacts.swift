// What was seen of hosts, ports and brokers: facts, of which the judgements make findings.

/// What became of a host's name, and of connections to its addresses.
package struct HostFacts: Sendable, Equatable {
    /// An address of the host, and how connecting to it went.
    package struct Attempt: Sendable, Equatable {
        /// In numbers, with the port.
        package var address: String
        package var isLoopback: Bool
        package var outcome: ConnectOutcome

        package init(_ address: String, isLoopback: Bool = false, _ outcome: ConnectOutcome) {
            self.address = address
            self.isLoopback = isLoopback
            self.outcome = outcome
        }
    }

    package enum Resolution: Sendable, Equatable {
        /// The resolver's words.
        case unresolved(String)
        /// The resolver did not answer in that time.
        case noAnswer(Duration)
        /// In the order in which clients try them, after that time.
        case addresses([Attempt])
    }

    package var address: BrokerAddress
    package var resolution: Resolution
    /// How long the name's resolution took.
    package var resolveTime: Duration = .zero

    package init(_ address: BrokerAddress, _ resolution: Resolution) {
        self.address = address
        self.resolution = resolution
    }

    package var attempts: [Attempt] { if case .addresses(let all) = resolution { all } else { [] } }
    /// Whether one address at least could be connected to.
    package var isReachable: Bool { attempts.contains { $0.outcome.isConnected } }
    /// Whether the address that answers is this machine's own.
    package var isLoopback: Bool {
        (attempts.first { $0.outcome.isConnected } ?? attempts.first)?.isLoopback ?? Self.isLoopbackName(address.host)
    }
    /// How long the first connection took that could be made.
    package var connectTime: Duration? {
        for attempt in attempts { if case .connected(let time) = attempt.outcome { return time } }
        return nil
    }

    /// Whether a name means the machine that looks it up (RFC 6761, 6.3).
    package static func isLoopbackName(_ name: String) -> Bool {
        let name = name.lowercased()
        return name == "localhost" || name.hasSuffix(".localhost") || name.hasPrefix("127.") || name == "::1"
    }
}

/// What a broker's port said.
package enum Contact: Sendable, Equatable {
    /// It speaks Kafka's protocol.
    case kafka(BrokerContact)
    /// It speaks another protocol.
    case other(PeerProtocol)
    /// It takes connections, and closes them whatever is said.
    case hangsUp
    /// It takes connections, and says nothing.
    case silent
    /// It says what means nothing to us; the first bytes.
    case unknown([UInt8])
    /// It speaks Kafka, but ApiVersions failed; the error's sentence.
    case fails(String)
}

/// What one broker told.
package struct BrokerContact: Sendable, Equatable {
    /// What every client asks next.
    package enum Access: Sendable, Equatable {
        /// It told about the cluster.
        case open(ClusterFacts)
        /// It wants SASL first; the mechanisms that it offers, empty where it does not tell.
        case wantsSASL([String])
        /// The client is to say who it is, and the port asks nobody.
        case wantsNoSASL
        /// The client's mechanism is not among those that the port has.
        case lacksMechanism(String, offered: [String])
        /// It does not take the client's credentials; its own words, where it has some.
        case refusesLogin(String)
        /// The client could not say who it is, or does not take the broker for one; the error's sentence.
        case loginFails(String)
        /// The client is to speak TLS, and the port is plain.
        case plain(wantsSASL: Bool)
        /// It refused, or hung up; the error's sentence.
        case fails(String)
    }

    /// A cluster as a broker describes it.
    package struct ClusterFacts: Sendable, Equatable {
        package var clusterId: String?
        package var controller: BrokerID
        package var brokers: [BrokerID: BrokerAddress]

        package init(clusterId: String?, controller: BrokerID, brokers: [BrokerID: BrokerAddress]) {
            self.clusterId = clusterId
            self.controller = controller
            self.brokers = brokers
        }
    }

    package var versions: [APIKey: ClosedRange<Int16>] = [:]
    package var access: Access
    /// How the client came in, where it had to say who it is.
    package var login: LoginFacts?
    /// The shortest of a few round trips.
    package var roundTrip: Duration = .zero
    /// The broker's settings of its addresses, where it tells them: `advertised.listeners`, `listeners` and the like.
    package var settings: [String: String] = [:]
    /// Which broker it says it is, where it was asked for another one's settings.
    package var saysItIs: BrokerID?

    package init(access: Access) { self.access = access }

    package var cluster: ClusterFacts? { if case .open(let facts) = access { facts } else { nil } }
    package var guess: ReleaseGuess {
        ReleaseGuess(
            highest: Dictionary(uniqueKeysWithValues: versions.map { ($0.key.rawValue, $0.value.upperBound) }),
            clusterId: cluster?.clusterId)
    }
}

/// A host, and what its port said where there is one to talk to.
package struct Visit: Sendable, Equatable {
    package var host: HostFacts
    /// What became of TLS, where the client speaks it or the port does.
    package var tls: TLSFacts?
    package var contact: Contact?

    package init(_ host: HostFacts, _ contact: Contact? = nil) {
        self.host = host
        self.contact = contact
    }

    package var broker: BrokerContact? { if case .kafka(let broker)? = contact { broker } else { nil } }
    package var cluster: BrokerContact.ClusterFacts? { broker?.cluster }
}
