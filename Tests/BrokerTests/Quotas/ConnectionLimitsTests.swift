import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

extension BrokerServer {
    /// How many connections the first node has.
    fileprivate var countOfFirst: Int { limits.count(1) }

    /// The port of a listener of the first node.
    fileprivate func port(of listener: Int) -> UInt16? {
        listeners[ListenerPlace(node: 1, listener: listener)]?.localPort
    }
}

/// Who may connect.
@Suite(.turn) struct ConnectionLimitsTests {
    private static let zero = Instant(nanoseconds: 0)

    private static func place(_ node: BrokerID, _ listener: Int = 0) -> ListenerPlace {
        ListenerPlace(node: node, listener: listener)
    }

    private static func bounds(_ change: (inout ConnectionBounds) -> Void) -> ConnectionBounds {
        var bounds = ConnectionBounds()
        change(&bounds)
        return bounds
    }

    /// Arrivals: at which millisecond, from where, and what becomes of them.
    @Test(
        arguments: [
            // No limits.
            (bounds { _ in }, nil, [(0, "a", .taken), (0, "a", .taken), (0, "b", .taken)]),
            // Two from one address, and of one address one.
            (
                bounds {
                    $0.maximumPerAddress = 2
                    $0.perAddressOverrides = ["b": 1]
                }, nil,
                [
                    (0, "a", .taken), (0, "a", .taken), (0, "a", .tooMany(2)), (0, "b", .taken), (0, "b", .tooMany(1)),
                    (0, "c", .taken),
                ]
            ),
            (bounds { $0.perAddressOverrides = ["a": 0] }, nil, [(0, "a", .tooMany(0)), (0, "b", .taken)]),
            // One in a second, over a window of 2 s less what the second sample has not had: 2 / 1 s are (2 - 1) / 1 · 1 s too
            // many, and no more than a sample's length is waited for.
            (
                bounds { $0.creationRate = 1 }, nil,
                [
                    (0, "a", .taken), (0, "a", .takenAfter(.seconds(1))), (0, "b", .takenAfter(.seconds(1))),
                    (4000, "a", .taken),
                ]
            ),
            // 2 in 1.5 s are 1.333: (1.333 - 1) / 1 · 1.5 s.
            (bounds { $0.creationRate = 1 }, nil, [(0, "a", .taken), (500, "a", .takenAfter(.milliseconds(500)))]),
            // An address's quota: who is over it is closed later, and is not counted, neither here nor for the node.
            (
                bounds { $0.creationRate = 3 }, 1,
                [
                    (0, "a", .taken), (0, "a", .closedAfter(.seconds(1))), (0, "a", .closedAfter(.seconds(1))),
                    (0, "b", .taken), (0, "c", .taken), (0, "d", .takenAfter(.milliseconds(333))),
                    (500, "a", .closedAfter(.milliseconds(500))), (2500, "a", .taken),
                ]
            ),
        ] as [(ConnectionBounds, Double?, [(Int64, String, ConnectionLimits.Verdict)])])
    func arrivals(_ bounds: ConnectionBounds, _ rate: Double?, _ arrivals: [(Int64, String, ConnectionLimits.Verdict)])
    {
        var limits = ConnectionLimits(window: QuotaWindow(samples: 2))
        for (time, address, verdict) in arrivals {
            let found = limits.arrive(
                from: address, at: Self.place(1), bounds, rate: rate, Self.zero + .milliseconds(time))
            #expect(found == verdict, "\(address) at \(time)")
        }
    }

    @Test func whoLeavesMakesRoom() {
        var limits = ConnectionLimits(window: QuotaWindow())
        let bounds = Self.bounds {
            $0.maximum = 2
            $0.maximumPerAddress = 1
        }
        func arrive(_ address: String, at node: BrokerID) -> ConnectionLimits.Verdict {
            limits.arrive(from: address, at: Self.place(node), bounds, rate: nil, Self.zero)
        }
        func hasRoom(_ node: BrokerID) -> Bool { limits.objection(at: Self.place(node), bounds) == nil }
        #expect(hasRoom(1))
        #expect([arrive("a", at: 1), arrive("b", at: 1), arrive("a", at: 1)] == [.taken, .taken, .tooMany(1)])
        #expect(!hasRoom(1) && hasRoom(2) && limits.count(1) == 2)
        #expect(arrive("a", at: 2) == .taken)
        limits.leave("a", Self.place(1))
        #expect(hasRoom(1) && arrive("a", at: 1) == .taken)
        for _ in 0..<3 { limits.leave("a", Self.place(2)) }
        #expect(limits.count(2) == 0 && limits.count(1) == 2)
    }

    /// Listeners A, B and C: what is said of a connection at each, in that order, and how many there are too many.
    private enum Step {
        case arrive(Int, ConnectionLimits.Verdict)
        case full(Int, String?)
        case leave(Int)
        case excess(Int)
    }

    @Test(
        arguments: [
            // A listener of one, in a node of three.
            (
                bounds {
                    $0.maximum = 3
                    $0.listeners = ["B": .init(maximum: 1)]
                },
                [
                    .full(1, nil), .arrive(1, .taken), .full(1, "listener.name.b.max.connections"), .full(0, nil),
                    .arrive(0, .taken), .arrive(2, .taken), .full(0, "(max.connections"), .leave(1),
                    .full(1, nil), .arrive(1, .taken), .leave(2), .full(1, "listener.name.b.max.connections"),
                    .full(2, nil), .excess(0),
                ]
            ),
            // A listener of more than the node has is held to that.
            (
                bounds {
                    $0.maximum = 1
                    $0.listeners = ["A": .init(maximum: 5)]
                }, [.arrive(0, .taken), .full(0, "(max.connections"), .full(1, "(max.connections")]
            ),
            // That of the brokers has room whatever the others have, up to its own bound, which is the node's without one.
            (
                bounds {
                    $0.maximum = 2
                    $0.interBrokerListener = "C"
                },
                [
                    .arrive(0, .taken), .arrive(1, .taken), .full(0, "(max.connections"), .full(2, nil), .excess(0),
                    .arrive(2, .taken), .excess(1), .arrive(2, .taken), .excess(2),
                    .full(2, "Listener C"), .leave(0), .leave(1), .excess(0), .full(0, "Node 1"),
                ]
            ),
            (
                bounds {
                    $0.maximum = 1
                    $0.interBrokerListener = "C"
                    $0.listeners = ["C": .init(maximum: 2)]
                },
                [
                    .arrive(2, .taken), .full(2, nil), .full(0, "Node 1"), .arrive(2, .taken),
                    .full(2, "listener.name.c.max.connections"),
                ]
            ),
            // Rates: each listener's, and the node's; the longer time counts, and the brokers' are not the node's.
            (
                bounds {
                    $0.creationRate = 3
                    $0.listeners = ["A": .init(creationRate: 1)]
                    $0.interBrokerListener = "C"
                },
                [
                    .arrive(0, .taken), .arrive(0, .takenAfter(.seconds(1))), .arrive(1, .taken),
                    .arrive(1, .takenAfter(.milliseconds(333))), .arrive(2, .taken), .arrive(2, .taken),
                    .arrive(2, .taken), .arrive(2, .takenAfter(.milliseconds(333))),
                ]
            ),
            (
                bounds { $0.listeners = ["B": .init(creationRate: 1)] },
                [
                    .arrive(0, .taken), .arrive(0, .taken), .arrive(1, .taken), .arrive(1, .takenAfter(.seconds(1))),
                    .arrive(0, .taken),
                ]
            ),
        ] as [(ConnectionBounds, [Step])])
    private func listenersHaveBoundsOfTheirOwn(_ bounds: ConnectionBounds, _ steps: [Step]) {
        var limits = ConnectionLimits(window: QuotaWindow(samples: 2), listeners: ["A", "B", "C"])
        for (index, step) in steps.enumerated() {
            switch step {
            case .arrive(let listener, let verdict):
                let found = limits.arrive(from: "a", at: Self.place(1, listener), bounds, rate: nil, Self.zero)
                #expect(found == verdict, "step \(index)")
            case .full(let listener, let words):
                let found = limits.objection(at: Self.place(1, listener), bounds)
                #expect(words.map { found?.contains($0) == true } ?? (found == nil), "step \(index): \(found ?? "-")")
            case .leave(let listener): limits.leave("a", Self.place(1, listener))
            case .excess(let count):
                #expect(limits.excess(bounds).map(\.count) == (count == 0 ? [] : [count]), "step \(index)")
            }
        }
    }

    /// An address over its quota is taken off the rates of its listener and of the node again.
    @Test func whoIsClosedDoesNotCountForTheListener() {
        var limits = ConnectionLimits(window: QuotaWindow(samples: 2))
        let bounds = Self.bounds { $0.listeners = ["PLAINTEXT": .init(creationRate: 2)] }
        func arrive(_ address: String, _ rate: Double?) -> ConnectionLimits.Verdict {
            limits.arrive(from: address, at: Self.place(1), bounds, rate: rate, Self.zero)
        }
        #expect(arrive("a", 1) == .taken)
        for _ in 0..<3 { #expect(arrive("a", 1) == .closedAfter(.seconds(1))) }
        #expect(arrive("b", nil) == .taken)
        #expect(arrive("b", nil) == .takenAfter(.milliseconds(500)))
    }

    /// Those that are to wait for being closed are bounded.
    @Test func fewAreHeld() {
        var limits = ConnectionLimits(window: QuotaWindow(samples: 1))
        var verdicts: [ConnectionLimits.Verdict] = []
        for _ in 0..<ConnectionLimits.heldLimit + 2 {
            verdicts.append(limits.arrive(from: "a", at: Self.place(1), ConnectionBounds(), rate: 0.5, Self.zero))
        }
        #expect(limits.held == ConnectionLimits.heldLimit && verdicts.last == .refused)
        limits.release()
        #expect(
            limits.arrive(from: "a", at: Self.place(1), ConnectionBounds(), rate: 0.5, Self.zero)
                == .closedAfter(.seconds(1)))
    }

    @Test(
        arguments: [
            ("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("0:0:0:0:0:0:0:1", "::1"), ("2001:DB8::A", "2001:db8::a"),
            ("::ffff:10.0.0.1", "10.0.0.1"), ("localhost", nil), ("127.1", nil), ("", nil),
            ("::ffff:10", "::255.255.0.16"),
            ("a\0b", nil),
            ("1.2.3.4.5", nil),
        ] as [(String, String?)])
    func addressesHaveOneForm(_ text: String, _ canonical: String?) {
        #expect(NumericAddress.canonical(text) == canonical)
    }

    @Test(
        arguments: [
            ("", [:]), ("127.0.0.1:5", ["127.0.0.1": 5]), (" ::1:7 , 10.0.0.1 : 0 ", ["::1": 7, "10.0.0.1": 0]),
            ("localhost:2", ["127.0.0.1": 2, "::1": 2]), ("127.0.0.1", nil), ("127.0.0.1:-1", nil),
            ("example.org:5", nil),
            ("127.0.0.1:99999999999", nil),
        ] as [(String, [String: Int]?)])
    func overridesAreRead(_ text: String, _ found: [String: Int]?) {
        #expect((try? ConnectionBounds.overrides(text).get()) == found)
    }

    @Test func settingsReachTheirProperties() throws {
        let configuration = try KafkaBroker.Configuration(properties: [
            "max.connections": "100", "max.connections.per.ip": "10",
            "max.connections.per.ip.overrides": "127.0.0.1:20",
            "max.connection.creation.rate": "30", "connections.max.idle.ms": "40000",
            "connection.failed.authentication.delay.ms": "50", "quota.window.num": "6",
            "quota.window.size.seconds": "2",
            "controller.quota.window.num": "7", "controller.quota.window.size.seconds": "3",
        ])
        #expect(
            configuration.connectionBounds
                == Self.bounds {
                    $0.maximum = 100
                    $0.maximumPerAddress = 10
                    $0.perAddressOverrides = ["127.0.0.1": 20]
                    $0.creationRate = 30
                    $0.idle = .seconds(40)
                    $0.failedAuthenticationDelay = .milliseconds(50)
                })
        #expect(configuration.quotaWindow == QuotaWindow(samples: 6, length: .seconds(2)))
        #expect(configuration.controllerQuotaWindow == QuotaWindow(samples: 7, length: .seconds(3)))
        let told = configuration.settings(host: "h", port: 1, rack: nil)
        #expect(told["max.connections.per.ip.overrides"] == "127.0.0.1:20" && told["quota.window.size.seconds"] == "2")
        let listeners = try KafkaBroker.Configuration(properties: [
            "listeners": "A://127.0.0.1:0,B://127.0.0.1:0",
            "listener.security.protocol.map": "A:PLAINTEXT,B:PLAINTEXT", "inter.broker.listener.name": "b",
            "listener.name.b.max.connections": "7", "listener.name.a.max.connection.creation.rate": "9",
        ])
        #expect(
            listeners.connectionBounds
                == Self.bounds {
                    $0.listeners = ["A": .init(creationRate: 9), "B": .init(maximum: 7)]
                    $0.interBrokerListener = "B"
                })
        let shown = listeners.settings(host: "h", port: 1, rack: nil)
        #expect(
            shown["listener.name.b.max.connections"] == "7"
                && shown["listener.name.a.max.connection.creation.rate"] == "9")
        var report = KafkaBroker.Configuration()
        #expect(try report.apply(["max.connections": "5", "quota.window.num": "3"]).withoutEffect.isEmpty)
        let none = try KafkaBroker.Configuration(properties: [
            "max.connections": "2147483647", "connections.max.idle.ms": "-1",
        ])
        #expect(none.connectionBounds.maximum == nil && none.connectionBounds.idle == nil)
    }

    @Test(arguments: [
        ["max.connections.per.ip": "0"], ["max.connections.per.ip.overrides": "a.example:1"],
        ["connections.max.idle.ms": "100"], ["quota.window.num": "0"], ["max.connections": "-1"],
        ["listener.name.plaintext.max.connections": "-1"], ["listener.name.plaintext.max.connections": "many"],
        ["listener.name.plaintext.max.connection.creation.rate": "1.5"],
        ["inter.broker.listener.name": "A", "security.inter.broker.protocol": "PLAINTEXT"],
    ])
    func whatCannotBeIsRefused(_ settings: [String: String]) {
        #expect(throws: KafkaBroker.Configuration.PropertyError.self) {
            try KafkaBroker.Configuration(properties: settings)
        }
    }

    // MARK: - Over sockets

    private func start(_ change: (inout KafkaBroker.Configuration) -> Void) async throws -> KafkaBroker {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        change(&configuration)
        return try await KafkaBroker.start(configuration)
    }

    @Test func oneMoreFromAnAddressIsClosed() async throws {
        let broker = try await start { $0.connectionBounds.maximumPerAddress = 2 }
        let clients = try (0..<2).map { _ in try TestClient(port: broker.port) }
        for client in clients { #expect(try client.call(ListGroupsRequest()).errorCode == .none) }
        #expect(try TestClient(port: broker.port).isClosed)
        clients[0].close()
        try await eventually {
            let next = try TestClient(port: broker.port)
            return (try? next.call(ListGroupsRequest()).errorCode) == ErrorCode.none
        }
        #expect(try clients[1].call(ListGroupsRequest()).errorCode == .none)
        await broker.stop()
    }

    /// Beyond all that may be there, who comes waits until somebody leaves; and the bound can be changed meanwhile.
    @Test func whoComesWaitsForRoom() async throws {
        let broker = try await start { $0.connectionBounds.maximum = 1 }
        let first = try TestClient(port: broker.port)
        #expect(try first.call(ListGroupsRequest()).errorCode == .none)
        let second = try TestClient(port: broker.port)
        try second.send(ListGroupsRequest(), version: 4)
        try await Task.sleep(for: .milliseconds(200))
        #expect(await broker.server.countOfFirst == 1)
        first.close()
        #expect(try Frame.decodeResponse(ListGroupsResponse.self, try second.receive(), version: 4).errorCode == .none)
        let third = try TestClient(port: broker.port)
        try third.send(ListGroupsRequest(), version: 4)
        try await eventually { await broker.server.fullListeners.map(\.node) == [1] }
        let changed = try second.call(
            IncrementalAlterConfigsRequest.with {
                $0.resources = [
                    .with {
                        $0.resourceType = 4
                        $0.configs = [
                            .with {
                                $0.name = "max.connections"
                                $0.value = "2"
                            }
                        ]
                    }
                ]
            })
        #expect(changed.responses.map(\.errorCode) == [.none])
        #expect(try Frame.decodeResponse(ListGroupsResponse.self, try third.receive(), version: 4).errorCode == .none)
        await broker.stop()
    }

    /// A listener with a bound of its own shuts while the others take connections; the bound is changed, told and taken away
    /// while the broker runs, and what it cannot be is refused.
    @Test func aListenerHasABoundOfItsOwn() async throws {
        let broker = try await start {
            $0.security.name = "OUTER"
            $0.furtherListeners = [BrokerListener(ListenerSecurity(name: "INNER"))]
            $0.connectionBounds.listeners = ["OUTER": .init(maximum: 1)]
        }
        let inner = try TestClient(port: try #require(await broker.server.port(of: 1)))
        let first = try TestClient(port: broker.port)
        #expect(try first.call(ListGroupsRequest()).errorCode == .none)
        let second = try TestClient(port: broker.port)
        try second.send(ListGroupsRequest(), version: 4)
        try await eventually { await broker.server.fullListeners.map(\.listener) == [0] }
        #expect(try inner.call(ListGroupsRequest()).errorCode == .none)
        func set(_ name: String, _ value: String?) throws -> ErrorCode? {
            try inner.call(
                IncrementalAlterConfigsRequest.with {
                    $0.resources = [
                        .with {
                            $0.resourceType = 4
                            $0.configs = [
                                .with {
                                    $0.name = name
                                    $0.configOperation = value == nil ? 1 : 0
                                    $0.value = value
                                }
                            ]
                        }
                    ]
                }
            ).responses.first?.errorCode
        }
        let name = "listener.name.outer.max.connections"
        for value in ["0", "-1", "one"] { #expect(try set(name, value) == .invalidRequest, "\(value)") }
        #expect(try set("max.connections", "0") == .invalidRequest)
        #expect(try set(name, "2") == ErrorCode.none)
        #expect(try Frame.decodeResponse(ListGroupsResponse.self, try second.receive(), version: 4).errorCode == .none)
        let told = try inner.call(
            DescribeConfigsRequest.with {
                $0.resources = [
                    .with {
                        $0.resourceType = 4
                        $0.resourceName = "1"
                        $0.configurationKeys = [name]
                    }
                ]
            })
        let shown = try #require(told.results.first?.configs.first)
        #expect(shown.value == "2" && !shown.readOnly && !shown.isSensitive)
        // Without it, the bound of the start counts again: who is there stays, and nobody else comes.
        #expect(try set(name, nil) == ErrorCode.none)
        first.close()
        let third = try TestClient(port: broker.port)
        try third.send(ListGroupsRequest(), version: 4)
        try await eventually { await broker.server.fullListeners.map(\.listener) == [0] }
        second.close()
        #expect(try Frame.decodeResponse(ListGroupsResponse.self, try third.receive(), version: 4).errorCode == .none)
        await broker.stop()
    }

    /// The listener of the brokers has room though the node is full; who was silent for longest goes for it, and so do those
    /// that are too many when the bound is lowered.
    @Test func theBrokersListenerHasRoom() async throws {
        let broker = try await start {
            $0.furtherListeners = [BrokerListener(ListenerSecurity(name: "OUTER"))]
            $0.connectionBounds.maximum = 2
        }
        let outer = try #require(await broker.server.port(of: 1))
        let silent = try TestClient(port: outer)
        #expect(try silent.call(ListGroupsRequest()).errorCode == .none)
        let busy = try TestClient(port: outer)
        #expect(try busy.call(ListGroupsRequest()).errorCode == .none)
        let inner = try TestClient(port: broker.port)
        #expect(try inner.call(ListGroupsRequest()).errorCode == .none)
        #expect(silent.isClosed)
        #expect(try busy.call(ListGroupsRequest()).errorCode == .none)
        let lowered = try inner.call(
            IncrementalAlterConfigsRequest.with {
                $0.resources = [
                    .with {
                        $0.resourceType = 4
                        $0.configs = [
                            .with {
                                $0.name = "max.connections"
                                $0.value = "1"
                            }
                        ]
                    }
                ]
            })
        #expect(lowered.responses.map(\.errorCode) == [.none])
        #expect(busy.isClosed)
        #expect(try inner.call(ListGroupsRequest()).errorCode == .none)
        await broker.stop()
    }

    /// With 2 in a second over a window of a second, the third comes (3 - 2) / 2 · 1 s later.
    @Test func whoComesFastWaits() async throws {
        let broker = try await start {
            $0.connectionBounds.creationRate = 2
            $0.quotaWindow.samples = 2
        }
        let began = ContinuousClock.now
        for _ in 0..<4 { #expect(try TestClient(port: broker.port).call(ListGroupsRequest()).errorCode == .none) }
        #expect(ContinuousClock.now - began >= .milliseconds(450))
        await broker.stop()
    }

    @Test func anAddressOverItsQuotaIsClosedLater() async throws {
        let broker = try await start { $0.quotaWindow.samples = 2 }
        let client = try TestClient(port: broker.port)
        let set = try client.call(
            AlterClientQuotasRequest.with {
                $0.entries = [
                    .with {
                        $0.entity = [
                            .with {
                                $0.entityType = "ip"
                                $0.entityName = "127.0.0.1"
                            }
                        ]
                        $0.ops = [
                            .with {
                                $0.key = "connection_creation_rate"
                                $0.value = 1
                            }
                        ]
                    }
                ]
            })
        #expect(set.entries.map(\.errorCode) == [.none])
        #expect(try TestClient(port: broker.port).call(ListGroupsRequest()).errorCode == .none)
        let began = ContinuousClock.now
        let second = try TestClient(port: broker.port)
        #expect(second.isClosed && ContinuousClock.now - began >= .milliseconds(100))
        // Connections that are there go on.
        #expect(try client.call(ListGroupsRequest()).errorCode == .none)
        await broker.stop()
    }

    @Test func idleConnectionsAreClosed() async throws {
        let broker = try await start { $0.connectionBounds.idle = .milliseconds(400) }
        let (idle, busy) = (try TestClient(port: broker.port), try TestClient(port: broker.port))
        // Who waits for an answer is not idle.
        let waiting = try TestClient(port: broker.port)
        try waiting.send(TestClient.fetchRequest("t", offset: 0, maxWaitMs: 1500), version: 12)
        for _ in 0..<12 {
            #expect(try busy.call(ListGroupsRequest()).errorCode == .none)
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(idle.isClosed)
        #expect(try Frame.decodeResponse(FetchResponse.self, try waiting.receive(), version: 12).errorCode == .none)
        await broker.stop()
    }
}
