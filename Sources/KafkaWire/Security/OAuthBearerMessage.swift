/// The messages of OAUTHBEARER (RFC 7628, section 3) as Kafka reads and writes them.
enum OAuthBearerMessage {
    /// What a client answers to an error, so that the server ends the exchange.
    static let acknowledgement: [UInt8] = [1]

    /// Why an extension cannot be sent (KIP-342): a name of letters that is not `auth`, a value of printable characters
    /// and white space.
    static func objection(to extensions: [String: String]) -> String? {
        for (name, value) in extensions.inOrder {
            guard isName(name.utf8) else {
                return "the extension's name \(SASLError.shown(name.utf8)) has other characters than letters"
            }
            guard name != "auth" else { return "an extension may not be called auth: that is where the token stands" }
            guard isValue(value.utf8) else {
                return "the value of the extension \(name) is empty or has characters that are not printable ASCII"
            }
        }
        return nil
    }

    /// `n,,^Aauth=Bearer …^Akey=value^A^A`.
    static func initial(token: Secret, extensions: [String: String]) -> [UInt8] {
        var out = Array("n,,\u{1}auth=Bearer ".utf8)
        out += token.copied()
        for (name, value) in extensions.inOrder { out += Array("\u{1}\(name)=\(value)".utf8) }
        return out + [1, 1]
    }

    /// What a client's first message says.
    struct Initial {
        var authorization: String?
        var token: [UInt8]
        var extensions: [String: String] = [:]

        /// Reads it; a failure says what is wrong and has nothing of the message.
        init(_ bytes: [UInt8]) throws(Malformed) {
            // GS2's header ends at the second comma; the pairs stand between ^A, and two of those end the message.
            let halves = bytes.split(separator: UInt8(ascii: ","), maxSplits: 2, omittingEmptySubsequences: false)
            guard halves.count == 3, halves[0].elementsEqual([UInt8(ascii: "n")]) else {
                throw Malformed(reason: "no header of RFC 5801, such as n,,")
            }
            if !halves[1].isEmpty {
                guard halves[1].starts(with: [0x61, 0x3D]),
                    let name = ScramMessage.unescaped(Array(halves[1].dropFirst(2))), !name.isEmpty
                else { throw Malformed(reason: "an identity to act as that is not one") }
                authorization = name
            }
            let body = halves[2]
            guard body.count >= 2, body.first == 1, body.suffix(2).elementsEqual([1, 1]) else {
                throw Malformed(reason: "no pairs between 0x01")
            }
            var token: [UInt8]?
            for pair in body.dropFirst().dropLast(2).split(separator: 1, omittingEmptySubsequences: false) {
                guard let sign = pair.firstIndex(of: UInt8(ascii: "=")), isName(pair[..<sign]),
                    isValue(pair[(sign + 1)...])
                else { throw Malformed(reason: "a pair that is none") }
                let value = pair[(sign + 1)...]
                if pair[..<sign].elementsEqual("auth".utf8) {
                    guard token == nil, let found = Self.bearer(value) else {
                        throw Malformed(reason: "an auth that is not Bearer and a token")
                    }
                    token = found
                } else {
                    extensions[String(decoding: pair[..<sign], as: UTF8.self)] = String(decoding: value, as: UTF8.self)
                }
            }
            guard let token else { throw Malformed(reason: "no auth") }
            self.token = token
        }

        /// `Bearer`, spaces, a token of RFC 6750.
        private static func bearer(_ value: ArraySlice<UInt8>) -> [UInt8]? {
            let scheme = value.prefix { $0 != 0x20 }
            guard String(decoding: scheme, as: UTF8.self).lowercased() == "bearer" else { return nil }
            let token = value.dropFirst(scheme.count).drop { $0 == 0x20 }
            return OAuthBearerMessage.isToken(token) ? Array(token) : nil
        }
    }

    struct Malformed: Error {
        var reason: String
    }

    /// `b64token` of RFC 6750: letters, digits, some signs, and `=` at the end.
    static func isToken(_ bytes: some BidirectionalCollection<UInt8>) -> Bool {
        guard let last = bytes.lastIndex(where: { $0 != UInt8(ascii: "=") }) else { return false }
        return bytes[...last].allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || "-_~+/.".utf8.contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) }

    private static func isName(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy(isLetter)
    }

    private static func isValue(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty
            && bytes.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
    }
}
