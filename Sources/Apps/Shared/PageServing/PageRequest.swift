/// What a browser asks for: the request's head, as far as pages look at it.
package struct PageRequest: Equatable {
    package var method = "GET"
    /// The parts between the slashes, decoded.
    package var path: [String] = []
    package var query: [String: String] = [:]
    package var host: String?
    /// Which page's script asks, where a browser says so.
    package var origin: String?
    /// `Sec-Fetch-Site`: whether that page is one of this origin.
    package var site: String?
    /// `Sec-Fetch-Mode`: whether the visitor goes to the address.
    package var mode: String?
    /// `Authorization`: who asks, where that is said in a form that is known.
    package var login: PageLogin?

    /// The request that the lines of a head spell, without their ends (RFC 9112). Throws the answer to one that is none.
    init(_ lines: [String]) throws(PageAnswer) {
        let words = (lines.first ?? "").split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 3, !words[0].isEmpty, words[2].hasPrefix("HTTP/") else {
            throw .refusal(400, "The request's first line is none of HTTP.")
        }
        guard words[2].hasPrefix("HTTP/1.") else { throw .refusal(505, "This page speaks HTTP/1.1.") }
        method = words[0]
        try takeTarget(words[1])
        for line in lines.dropFirst() { try takeHeader(line) }
    }

    package init(method: String = "GET", host: String?, path: [String], query: [String: String] = [:]) {
        (self.method, self.host, self.path, self.query) = (method, host, path, query)
    }

    /// `/api/topics?x=y`, or the whole address, as a proxy is asked.
    private mutating func takeTarget(_ target: String) throws(PageAnswer) {
        var target = target[...]
        if target.hasPrefix("http://") {
            target = target.dropFirst("http://".count)
            target = target[(target.firstIndex(of: "/") ?? target.endIndex)...]
        }
        guard target.hasPrefix("/") else { throw .refusal(400, "The request's address begins with a slash.") }
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        for part in parts[0].split(separator: "/") { path.append(try Self.decoded(part)) }
        guard parts.count == 2 else { return }
        for item in parts[1].split(separator: "&") {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            query[try Self.decoded(pair[0])] = pair.count == 2 ? try Self.decoded(pair[1]) : ""
        }
    }

    private static func decoded(_ text: Substring) throws(PageAnswer) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16) else {
                throw .refusal(400, "The request's address has a % that is followed by no two digits.")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw .refusal(400, "The request's address is no text.")
        }
        return decoded
    }

    private mutating func takeHeader(_ line: String) throws(PageAnswer) {
        // A line that begins with space would go on with the one before it; nobody sends that any more.
        guard let colon = line.firstIndex(of: ":"), colon != line.startIndex,
            line[..<colon].utf8.allSatisfy({ (0x21..<0x7F).contains($0) })
        else { throw .refusal(400, "A line of the request's head is no name: value.") }
        let value = Self.trimmed(line[line.index(after: colon)...])
        switch line[..<colon].lowercased() {
        case "host":
            guard host == nil else { throw .refusal(400, "The request names two hosts.") }
            host = value
        case "origin": origin = value
        case "sec-fetch-site": site = value.lowercased()
        case "sec-fetch-mode": mode = value.lowercased()
        case "authorization": login = PageLogin(value)
        case "content-length" where value != "0", "transfer-encoding":
            guard method == "GET" else { return }
            throw .refusal(400, "This page takes no content; ask with a GET that has none.")
        default: break
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}

/// The head of a request as it arrives. Each byte is looked at once, and not many are taken.
package struct PageRequestHead {
    /// More bytes than that are refused. An address names the place in each partition of a topic: `0:17,1:4,…`.
    static let longest = 64 << 10
    /// More lines than that are refused.
    static let mostLines = 100

    /// What the bytes so far are.
    package enum Outcome: Equatable {
        case incomplete
        case whole(PageRequest)
        case refused(PageAnswer)
    }

    package init() {}

    private var bytes: [UInt8] = []
    /// The lines' ends so far.
    private var lines: [Range<Int>] = []
    private var lineStart = 0

    /// Whether nothing has arrived.
    var isEmpty: Bool { bytes.isEmpty }

    /// Takes what has arrived; what is behind the head is nobody's: a connection carries one request.
    package mutating func take(_ more: UnsafeRawBufferPointer) -> Outcome {
        for byte in more {
            guard bytes.count < Self.longest else {
                return .refused(
                    lines.isEmpty
                        ? .refusal(414, "The request's address is longer than this page's are.")
                        : .refusal(431, "The request's head is longer than a browser's is."))
            }
            bytes.append(byte)
            guard byte == UInt8(ascii: "\n") else { continue }
            let hasReturn = bytes.count - lineStart >= 2 && bytes[bytes.count - 2] == UInt8(ascii: "\r")
            let line = lineStart..<bytes.count - (hasReturn ? 2 : 1)
            lineStart = bytes.count
            if line.isEmpty { return outcome }
            guard lines.count < Self.mostLines else {
                return .refused(.refusal(431, "The request's head has more lines than a browser's has."))
            }
            lines.append(line)
        }
        return .incomplete
    }

    private var outcome: Outcome {
        do throws(PageAnswer) {
            return .whole(try PageRequest(lines.map { String(decoding: bytes[$0], as: UTF8.self) }))
        } catch { return .refused(error) }
    }
}
