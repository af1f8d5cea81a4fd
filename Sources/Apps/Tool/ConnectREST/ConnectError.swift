import AppSupport
import ToolKit

/// Why Connect could not be asked, or what it refused, as sentences that say what to do.
package struct ConnectError: Error, Equatable, CustomStringConvertible {
    package enum Kind: Equatable, Sendable {
        /// What was given to this program cannot be used.
        case usage
        /// Nobody answers there.
        case unreachable
        /// It was connected, and no answer came in time.
        case timedOut
        /// What answers is not Connect.
        case notConnect
        /// A worker is busy with its group, and asks to be asked again (409).
        case rebalancing
        /// The worker is not ready yet (503).
        case starting
        /// There is no such connector, task or plugin (404).
        case notFound
        /// The connector's name is taken (409).
        case exists
        /// Anything else that Connect refuses.
        case refused
    }

    package let kind: Kind
    package let sentences: [String]

    package init(_ kind: Kind, _ sentences: String...) {
        self.init(kind, all: sentences)
    }

    /// What others said is made harmless for a terminal.
    init(_ kind: Kind, all sentences: [String]) {
        self.kind = kind
        self.sentences = sentences.map { SafeText.line($0) }
    }

    package var description: String { sentences.joined(separator: "\n") }

    /// Whether the same request may succeed a moment later.
    package var passes: Bool { kind == .rebalancing || kind == .starting }

    /// The same with other words, such as ones without passwords.
    package func mapped(_ text: (String) -> String) -> ConnectError { ConnectError(kind, all: sentences.map(text)) }

    // MARK: - Connect's own errors

    /// What Connect says with a status and a document `{"error_code": …, "message": …}`.
    static func refusal(status: Int, message: String, request: String, at address: ConnectAddress) -> ConnectError {
        let said = sentence(message)
        if [404, 405].contains(status), message.hasPrefix("HTTP 40") {
            return ConnectError(
                .refused,
                "Connect at \(address) does not know the request \(request); an older release may not have it.")
        }
        switch status {
        case 400: return ConnectError(.refused, all: problems(message))
        case 401, 403:
            // 403 is also what a worker says whose configuration forbids a request.
            return status == 403 && !message.isEmpty
                ? ConnectError(.refused, "Connect does not allow it: \(said)")
                : ConnectError(
                    .refused,
                    "Connect at \(address) asks for credentials; give them as in http://USER:PASSWORD@HOST:8083.")
        case 404: return ConnectError(.notFound, "\(said) `kw connectors list` shows what there is.")
        case 409 where message.contains("already exists"):
            return ConnectError(.exists, "\(said) --replace gives it this configuration instead.")
        case 409:
            return ConnectError(.rebalancing, "Connect cannot do that just now: \(said) Try again in a moment.")
        case 503:
            return ConnectError(.starting, "Connect at \(address) is not ready: \(said) Try again in a moment.")
        default:
            return ConnectError(
                .refused,
                "Connect could not do it: \(said) (HTTP \(status)) The log of the worker at \(address) says more.")
        }
    }

    /// The errors of a configuration, which Connect puts into one message of several lines; else the message.
    private static func problems(_ message: String) -> [String] {
        let lines = message.split(whereSeparator: \.isNewline).map(String.init)
        guard lines.count > 1, lines[0].contains("configuration is invalid") else {
            return ["Connect refuses it: \(sentence(message))"]
        }
        let errors = lines.dropFirst().filter { !$0.hasPrefix("You can also find") }
        return errors.map { "The configuration is invalid: \(sentence($0))" }
    }

    /// Text on one line that ends as a sentence does.
    package static func sentence(_ text: String) -> String {
        var line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        while line.last?.isWhitespace == true { line.removeLast() }
        guard let last = line.last else { return "it gives no reason." }
        return ".!?".contains(last) ? line : line + "."
    }
}
