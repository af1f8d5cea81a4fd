import KafkaBroker
import KafkaWire

/// Steps of a client before a broker's listener with SASL: a byte for what it does, which the comments of ``Step`` say.
///
/// No request passes before a client has shown that it knows a password, nor once its session is over; every answer can be
/// read; what is told of the client's end is a sentence.
enum LoginScript {
    enum Step: UInt8, CaseIterable {
        /// A frame: a byte for its size, and its content.
        case frame
        /// SaslHandshake: a byte for the version and one for the mechanism, from 8 on a text of the next byte's size.
        case handshake
        /// SaslAuthenticate: a byte for the version, one for the size, and what is said.
        case authenticate
        /// What a client says that knows the password, damaged where the next byte is not 0: at the place of the one behind it.
        case honest
        /// Tenths of a second pass.
        case pause
        /// Another request: a byte for the API and one for the version.
        case request
    }

    private static let mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]
    private static let lifetime = Duration.seconds(10)

    /// One broker for all inputs: a login changes nothing of it.
    private static let server: Locked<OfflineServer?> = {
        var configuration = KafkaBroker.Configuration(topics: [:])
        configuration.clusterId = "fuzzing"
        configuration.seed = 1
        configuration.scramUsers = [LoginCheck.user: Secret(LoginCheck.password)]
        return Locked(try? OfflineServer(configuration, connections: 1))
    }()

    private static let security: ListenerSecurity = {
        var security = ListenerSecurity(name: "SASL", .saslPlaintext)
        security.mechanisms = mechanisms
        security.users = [LoginCheck.user: Secret(LoginCheck.password)]
        // Tokens of the one who has that key, whom nobody knows.
        security.tokens.keys = .text(
            #"{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","#
                + #""y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#)
        security.sessionLifetime = lifetime
        return security
    }()

    static func run(_ input: Bytes) throws(Finding) {
        // Who guesses the password knows it.
        let password = Array(LoginCheck.password.utf8)
        guard !contains(input.copy(), password) else { return }
        let outcome = server.withLock { server -> Result<Void, Finding> in
            guard let server, var client = try? Client(server) else {
                return .failure(Finding("the broker does not start"))
            }
            do throws(Finding) {
                try client.perform(input)
                return .success(())
            } catch { return .failure(error) }
        }
        try outcome.get()
    }

    private static func contains(_ bytes: [UInt8], _ word: [UInt8]) -> Bool {
        guard bytes.count >= word.count else { return false }
        return (0...(bytes.count - word.count)).contains { bytes[$0...].starts(with: word) }
    }

    private struct Client {
        var login: OfflineLogin
        var now = Instant(nanoseconds: 1_000_000_000)
        /// How far the honest exchange has come of the mechanism that was named last.
        var exchange: (any SASLExchange)?
        var next: [UInt8]?
        var isDamaged = false
        /// Until when who has shown that he knows the password is let in.
        var sessionEnd: Instant?
        var hasEnded = false
        var correlationId: Int32 = 0

        init(_ server: OfflineServer) throws { login = try OfflineLogin(server, security) }

        mutating func perform(_ input: Bytes) throws(Finding) {
            var source = ByteSource(input)
            var steps = 0
            while !source.isEmpty, !hasEnded, steps < 32 {
                steps += 1
                switch Step(rawValue: source.next() % UInt8(Step.allCases.count)) {
                case .frame: try send(source.slice(Int(source.next())), isHonest: false)
                case .handshake: try shake(&source)
                case .authenticate:
                    let version = Int16(source.next() % 3)
                    try say(source.slice(Int(source.next())).copy(), version, isHonest: false)
                case .honest:
                    guard var message = next else { continue }
                    let damage = source.next()
                    if damage != 0, !message.isEmpty {
                        message[Int(source.next()) % message.count] ^= damage
                        isDamaged = true
                    }
                    try say(message, 2, isHonest: true)
                case .pause: now = now + .milliseconds(100 * Int(source.next()))
                case .request, nil:
                    let key = APIKey(rawValue: Int16(source.next() & 127))
                    correlationId &+= 1
                    try send(
                        BrokerScript.frame(key, Int16(source.next() & 15), [0, 0], correlationId), isHonest: false)
                }
            }
        }

        private mutating func shake(_ source: inout ByteSource) throws(Finding) {
            let version = Int16(source.next() & 1)
            let number = Int(source.next())
            let isKnown = number < 8
            let name =
                isKnown
                ? mechanisms[number % mechanisms.count]
                : String(decoding: source.slice(Int(source.next())).copy(), as: UTF8.self)
            correlationId &+= 1
            let request = SaslHandshakeRequest.with { $0.mechanism = name }
            let wasRaw = login.takesRawFrames
            try send(BrokerScript.frame(request, version, correlationId), isHonest: false)
            guard !wasRaw, isKnown, number % mechanisms.count < LoginCheck.exchanges.count else { return }
            exchange = LoginCheck.exchanges[number % mechanisms.count]
            // Tokens are believed of nobody.
            isDamaged = number % mechanisms.count == 3
            next = try? exchange?.start()
        }

        private mutating func say(_ message: [UInt8], _ version: Int16, isHonest: Bool) throws(Finding) {
            if !isHonest { isDamaged = true }
            guard !login.takesRawFrames else { return try send(Bytes(message), isHonest: isHonest) }
            correlationId &+= 1
            let request = SaslAuthenticateRequest.with { $0.authBytes = Bytes(message) }
            try send(BrokerScript.frame(request, version, correlationId), isHonest: isHonest)
        }

        private mutating func send(_ frame: Bytes, isHonest: Bool) throws(Finding) {
            let wasComplete = login.isComplete
            if !isHonest, login.takesRawFrames { isDamaged = true }
            switch login.receive(frame, now: now) {
            case .answer(let frame): try take(frame, isHonest: isHonest)
            case .raw(let bytes): respond(to: bytes, isHonest: isHonest)
            case .passed(let key):
                let isLetIn = sessionEnd.map { now < $0 } ?? false
                try claim(key == .apiVersions || isLetIn, "\(key) passes before anybody has said who he is")
            case .hangUp(let reason, let answer):
                try LoginCheck.isSentence(reason)
                if let answer { try isFrame(answer) }
                hasEnded = true
            }
            guard !wasComplete, login.isComplete else { return }
            try claim(isHonest && !isDamaged, "\(login.principal) is let in without a password")
        }

        private mutating func take(_ frame: [UInt8], isHonest: Bool) throws(Finding) {
            try isFrame(frame)
            guard isHonest else { return }
            do throws(WireError) {
                let answer = try Frame.decodeResponse(
                    SaslAuthenticateResponse.self, Bytes(Array(frame.dropFirst(4))), version: 2)
                if answer.errorCode == .none { respond(to: answer.authBytes.copy(), isHonest: true) }
            } catch { throw Finding("an answer cannot be read: \(error)") }
        }

        private mutating func respond(to challenge: [UInt8], isHonest: Bool) {
            guard isHonest else { return }
            next = (try? exchange?.respond(to: challenge)) ?? nil
            if !isDamaged, exchange?.isComplete == true { sessionEnd = now + lifetime }
        }

        private func isFrame(_ frame: [UInt8]) throws(Finding) {
            let size = frame.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            try claim(frame.count >= 8 && size == frame.count - 4, "an answer of \(frame.count) bytes says \(size)")
        }
    }
}
