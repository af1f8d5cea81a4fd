/// What the ways to the bootstrap servers say: names, addresses, ports. Facts in, findings out.
package enum HostJudgement {
    /// How the way to a host ended, where it led nowhere.
    package enum Trouble: Sendable, Equatable {
        case unresolved(String)
        case slowResolver(Duration)
        case refused
        case noAnswer(Duration)
        case unreachable(String)
        case failed(String)
    }

    /// Why a host cannot be reached; nil where one of its addresses can.
    package static func trouble(_ host: HostFacts) -> Trouble? {
        switch host.resolution {
        case .unresolved(let words): return .unresolved(words)
        case .noAnswer(let time): return .slowResolver(time)
        case .addresses(let attempts):
            guard !host.isReachable else { return nil }
            // Somebody who says no is there; who says nothing may be; where no way leads, nobody is.
            var troubles = attempts.compactMap { trouble($0.outcome) }
            troubles.sort { rank($0) < rank($1) }
            return troubles.first ?? .unresolved("the name has no address")
        }
    }

    private static func trouble(_ outcome: ConnectOutcome) -> Trouble? {
        switch outcome {
        case .connected: nil
        case .refused: .refused
        case .noAnswer(let time): .noAnswer(time)
        case .unreachable(let words): .unreachable(words)
        case .failed(let words): .failed(words)
        }
    }

    private static func rank(_ trouble: Trouble) -> Int {
        switch trouble {
        case .refused: 0
        case .noAnswer: 1
        case .failed: 2
        case .unreachable: 3
        case .unresolved, .slowResolver: 4
        }
    }

    /// What the look-up of a bootstrap server's name says.
    package static func names(_ host: HostFacts) -> [DiagnosisFinding] {
        let place = DiagnosisFinding.Place.host(host.address.host)
        switch host.resolution {
        case .unresolved(let words):
            let isSingle = !host.address.host.contains(".") && !host.address.host.contains(":")
            return [
                DiagnosisFinding(
                    .problem, .unresolvedHost, place,
                    "The name \(host.address.host) does not resolve here (\(words)), so that no connection can even be "
                        + "tried.",
                    advice: isSingle
                        ? "A name without dots is often one of a container network, known only inside of it: run the client "
                            + "there, or use the address that the broker has for the outside (with Docker mostly "
                            + "localhost and the published port). Else look at its spelling in bootstrap.servers."
                        : "Look at the spelling of bootstrap.servers, and at the name server that this machine asks "
                            + "(VPN, /etc/resolv.conf).")
            ]
        case .noAnswer(let time):
            return [
                DiagnosisFinding(
                    .problem, .slowResolver, place,
                    "Nobody answered within \(DiagnosisText.time(time)) what the address of \(host.address.host) is: the "
                        + "name servers of this machine are slow, or cannot be reached.",
                    advice: "Look at /etc/resolv.conf and the network; to go on meanwhile, put the broker's address in "
                        + "numbers into bootstrap.servers.")
            ]
        case .addresses:
            guard host.resolveTime > .seconds(1) else { return [] }
            return [
                DiagnosisFinding(
                    .warning, .slowResolver, place,
                    "Looking up \(host.address.host) took \(DiagnosisText.time(host.resolveTime)); a client does that "
                        + "for each connection that it opens.",
                    advice: "Look at the name servers that this machine asks (/etc/resolv.conf).")
            ]
        }
    }

    /// What connecting to a bootstrap server's addresses says.
    package static func connections(_ host: HostFacts, slowFrom limit: Duration) -> [DiagnosisFinding] {
        guard case .addresses(let attempts) = host.resolution else { return [] }
        let name = "\(host.address)"
        let place = DiagnosisFinding.Place.host(name)
        if let trouble = trouble(host) { return [blocked(trouble, host, place)] }
        var findings: [DiagnosisFinding] = []
        let failed = attempts.filter { !$0.outcome.isConnected }
        if let first = failed.first {
            let good = attempts.filter { $0.outcome.isConnected }.map(\.address)
            let list = failed.map { "\($0.address) \(words($0.outcome))" }
            let waits = failed.contains { if case .noAnswer = $0.outcome { true } else { false } }
            let isFirst = attempts.first == first
            findings.append(
                DiagnosisFinding(
                    .warning, .someAddressesFail, place,
                    "\(host.address.host) has \(attempts.count) addresses, and not all of them answer: \(DiagnosisText.list(list)). "
                        + (waits
                            ? "A client that tries these first waits until its time is up, each time it connects."
                            : isFirst
                                ? "Clients try it first and note an error each time, and those that try one address "
                                    + "only never connect."
                                : "Clients that happen to try it note an error, and try the next."),
                    advice: "Let the broker listen on all addresses of the name (listeners=…://:\(host.address.port)), "
                        + "or name the one that answers: \(good.first ?? "").")
            )
        }
        if let time = host.connectTime, time > limit {
            findings.append(
                DiagnosisFinding(
                    .warning, .slowNetwork, place,
                    "Opening a connection to \(name) took \(DiagnosisText.time(time)). Each request waits that long at "
                        + "least, and each new connection several times.",
                    advice:
                        "Run the client nearer to the brokers; else raise linger.ms, batch.size and fetch.min.bytes, "
                        + "so that fewer requests carry more."))
        }
        if findings.isEmpty {
            findings.append(
                DiagnosisFinding(
                    .ok, .connected, place,
                    "\(name) takes connections\(host.connectTime.map { ", in \(DiagnosisText.time($0))" } ?? "")."))
        }
        return findings
    }

    static func words(_ outcome: ConnectOutcome) -> String {
        switch outcome {
        case .connected: "answers"
        case .refused: "refuses"
        case .noAnswer(let time): "says nothing for \(DiagnosisText.time(time))"
        case .unreachable(let words), .failed(let words): "fails (\(words))"
        }
    }

    private static func blocked(
        _ trouble: Trouble, _ host: HostFacts, _ place: DiagnosisFinding.Place
    ) -> DiagnosisFinding {
        let name = "\(host.address)"
        let port = host.address.port
        let tried = host.attempts.map(\.address)
        let all = tried.count > 1 ? " (tried: \(DiagnosisText.list(tried)))" : ""
        if let path = UnixPath.read(host.address.host) { return blockedSocket(trouble, path, place) }
        switch trouble {
        case .refused:
            return DiagnosisFinding(
                .problem, .connectionRefused, place,
                "\(name) refuses connections: the host is there, and nobody listens on port \(port)\(all).",
                advice:
                    "Start the broker, or look which port it listens on (listeners; with Docker the published port: "
                    + "docker ps). A broker that listens on 127.0.0.1 alone refuses from any other machine.")
        case .noAnswer(let time):
            return DiagnosisFinding(
                .problem, .noAnswer, place,
                "Nothing came back from \(name) for \(DiagnosisText.time(time)), not even a refusal\(all): a firewall "
                    + "swallows the packets, or the host is off.",
                advice: "Open port \(port) for this machine (firewall, security group, network policy, VPN), and look "
                    + "whether the address is still the broker's.")
        case .unreachable(let words):
            return DiagnosisFinding(
                .problem, .networkUnreachable, place,
                "There is no way from here to \(name) (\(words))\(all).",
                advice: "Connect to the network that the broker is in (VPN, a container's network, routes); an IPv6 "
                    + "address needs IPv6 here too.")
        case .failed(let words):
            return DiagnosisFinding(
                .problem, .connectionFailed, place, "Connecting to \(name) failed: \(words)\(all).",
                advice: "Look at the firewall of this machine and at its limits (ulimit -n).")
        case .unresolved, .slowResolver:
            return names(host).first
                ?? DiagnosisFinding(.problem, .unresolvedHost, place, "The name \(name) does not resolve.")
        }
    }

    /// The same of a Unix socket: no name, no port and no network stand in the way to it, but files do.
    private static func blockedSocket(
        _ trouble: Trouble, _ path: String, _ place: DiagnosisFinding.Place
    ) -> DiagnosisFinding {
        switch trouble {
        case .refused:
            return DiagnosisFinding(
                .problem, .connectionRefused, place,
                "At \(path) is a Unix socket, and nobody listens there: whoever made it has ended, and left the file behind.",
                advice:
                    "Start the broker that listens there; one that finds the path taken may want the file removed first."
            )
        case .unresolved(let words), .unreachable(let words), .failed(let words):
            return DiagnosisFinding(
                .problem, .connectionFailed, place, "Connecting to the Unix socket \(path) failed: \(words).",
                advice:
                    "Look whether the broker has made its socket there, and who may use it (ls -l \(path)); the path is "
                    + "this machine's, and in a container that of the container.")
        case .slowResolver(let time), .noAnswer(let time):
            return DiagnosisFinding(
                .problem, .noAnswer, place,
                "Whoever listens at the Unix socket \(path) has taken no connection for \(DiagnosisText.time(time)).",
                advice: "Look what the broker is doing: it has more connections waiting than it takes.")
        }
    }
}
