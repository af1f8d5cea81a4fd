import AppSupport
import ArgumentParser
import JSONLines

/// Why numbers are none of a rule's, as a sentence.
public struct RuleFlaw: Error, Equatable, CustomStringConvertible {
    /// What is wrong, where, and what to write.
    public let description: String
}

/// The numbers that a rule is given: its defaults, over them those of options, and over those that no option gives, those of a
/// file. A value.
public struct RuleSheet<Numbers: Equatable & Sendable>: Sendable {
    private let list: [RuleNumber<Numbers>]
    private let given: Set<String>
    /// The numbers without a file's.
    public let numbers: Numbers

    /// Lays options over the defaults.
    ///
    /// - Parameters:
    ///   - standard: The defaults, and what no number sets.
    ///   - options: Each number's name, with what stands behind the option of that name; nil where it was not given.
    public init(
        _ standard: Numbers, _ list: [RuleNumber<Numbers>], options: [(name: String, text: String?)] = []
    ) throws(RuleFlaw) {
        self.list = list
        var numbers = standard
        var given: Set<String> = []
        for (name, text) in options {
            guard let text, let number = list.first(where: { $0.name == name }) else { continue }
            guard number.set(&numbers, text) else {
                throw RuleFlaw(description: "--\(name) must be \(number.form), not '\(SafeText.line(text))'.")
            }
            given.insert(name)
        }
        self.numbers = numbers
        self.given = given
    }

    /// The numbers with those of a file: lines `name=value`, `#` in front of comments.
    func reading(_ content: [UInt8], path: String) throws(RuleFlaw) -> Numbers {
        let entries: [PropertiesFile.Entry]
        do throws(PropertiesFile.Failure) { entries = try PropertiesFile(content, path: path).entries } catch {
            throw RuleFlaw(description: SafeText.line("\(error)"))
        }
        var numbers = numbers
        var seen: Set<String> = []
        for entry in entries {
            let place = "\(SafeText.line(path)), line \(entry.line)"
            let name = SafeText.line(entry.name)
            guard let number = list.first(where: { $0.name == entry.name }) else {
                let names = list.map(\.name).joined(separator: ", ")
                throw RuleFlaw(description: "\(place): the rule has no number '\(name)'; it has \(names)")
            }
            guard seen.insert(entry.name).inserted else {
                throw RuleFlaw(description: "\(place): \(name) is there twice")
            }
            guard !given.contains(entry.name) else {
                throw RuleFlaw(description: "\(place): --\(name) is given as well; leave one of them out")
            }
            guard number.set(&numbers, entry.value) else {
                throw RuleFlaw(
                    description: "\(place): \(name) must be \(number.form), not '\(SafeText.line(entry.value))'")
            }
        }
        return numbers
    }

    /// The numbers as a file has them, on one line.
    func text(of numbers: Numbers) -> String {
        list.map { "\($0.name)=\($0.text(numbers))" }.joined(separator: " ")
    }
}

/// A file of rules that is looked at again and again: what it says counts when two looks in a row have found the same, so that one
/// that is being written is not read half. A value: contents go in, news come out.
struct RuleWatch<Numbers: Equatable & Sendable>: Sendable {
    /// What is new.
    enum News: Equatable, Sendable {
        /// These count from now on.
        case changed(Numbers)
        /// The file is of no use; what counted before goes on.
        case bad(String)
    }

    let path: String
    let sheet: RuleSheet<Numbers>
    private(set) var numbers: Numbers
    private var last: Look
    private var next: Look?

    /// What a look finds: a content, or why there is none.
    private enum Look: Equatable, Sendable {
        case content([UInt8])
        case failure(String)

        init(_ found: Result<[UInt8], FileError>) {
            switch found {
            case .success(let content): self = .content(content)
            case .failure(let error): self = .failure(error.description)
            }
        }
    }

    /// A watch of a file that had this content first.
    init(_ path: String, _ sheet: RuleSheet<Numbers>, _ found: Result<[UInt8], FileError>) throws(RuleFlaw) {
        self.path = path
        self.sheet = sheet
        last = Look(found)
        switch last {
        case .content(let content): numbers = try sheet.reading(content, path: path)
        case .failure(let text): throw RuleFlaw(description: SafeText.line(text))
        }
    }

    /// Takes what the next look has found.
    mutating func look(_ found: Result<[UInt8], FileError>) -> News? {
        let look = Look(found)
        guard look != last, look == next else {
            next = look == last ? nil : look
            return nil
        }
        (last, next) = (look, nil)
        switch look {
        case .failure(let text): return .bad(SafeText.line(text))
        case .content(let content):
            do throws(RuleFlaw) {
                let read = try sheet.reading(content, path: path)
                guard read != numbers else { return nil }
                numbers = read
                return .changed(read)
            } catch {
                return .bad(error.description)
            }
        }
    }

    /// What is at the path at present: a file, and not more of it than rules can be.
    static func read(_ path: String) -> Result<[UInt8], FileError> {
        Result { () throws(FileError) in try FileContent.regular(path, atMost: 1 << 16) }
    }
}

/// A sheet of what options say; what is wrong is one of the command line.
public func ruleSheet<Numbers: Equatable & Sendable>(
    _ standard: Numbers, _ list: [RuleNumber<Numbers>], _ options: [(name: String, text: String?)]
) throws -> RuleSheet<Numbers> {
    do throws(RuleFlaw) { return try RuleSheet(standard, list, options: options) } catch {
        throw ValidationError(error.description)
    }
}
