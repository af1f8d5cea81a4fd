/// What is typed behind `/` to filter a list.
package struct FilterEntry: Sendable, Equatable {
    /// Longer ones say nothing more.
    private static let longest = 200

    package private(set) var text = ""
    /// Whether keys are letters of it.
    package var isTyping = false

    package init() {}

    /// Takes a key while it is typed.
    package mutating func press(_ key: Key) {
        switch key {
        case .character(let character): if text.count < Self.longest { text.append(character) }
        case .backspace: if text.popLast() == nil { isTyping = false }
        case .control("u"): text = ""
        case .escape:
            text = ""
            isTyping = false
        case .enter, .tab, .up, .down: isTyping = false
        default: break
        }
    }
}
