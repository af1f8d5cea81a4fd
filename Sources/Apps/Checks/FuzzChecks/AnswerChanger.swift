import KafkaWire

/// The visitor that changes a message in places that bytes choose: a byte says how many values are passed by, the next
/// what becomes of the one behind them (``RequestFiller``). Arrays lose elements, or have them twice.
struct AnswerChanger: MessageWalk {
    let version: Int16
    var flexible: Bool
    private(set) var filler: RequestFiller
    private var changes: Int
    private var toPass: Int

    init(_ filler: RequestFiller, changes: Int) {
        version = filler.version
        flexible = filler.flexible
        self.filler = filler
        self.changes = changes
        toPass = 0
        toPass = Int(self.filler.choice())
    }

    /// Whether the value that has been come to is to be changed.
    private mutating func isDue() -> Bool {
        guard changes > 0 else { return false }
        guard toPass == 0 else {
            toPass -= 1
            return false
        }
        changes -= 1
        toPass = Int(filler.choice())
        return true
    }

    mutating func enter<T: WireType>(_ field: Field, _ value: T, default: T) throws(WireError) -> Bool {
        try filler.enter(field, value, default: `default`)
    }
    mutating func visit(_ value: inout Bool) { if isDue() { value.toggle() } }
    mutating func visit(_ value: inout Int8) { if isDue() { filler.visit(&value) } }
    mutating func visit(_ value: inout Int16) { if isDue() { filler.visit(&value) } }
    mutating func visit(_ value: inout UInt16) { if isDue() { filler.visit(&value) } }
    mutating func visit(_ value: inout Int32) { if isDue() { filler.visit(&value) } }
    mutating func visit(_ value: inout UInt32) { if isDue() { filler.visit(&value) } }
    mutating func visit(_ value: inout Int64) { if isDue() { filler.visit(&value) } }
    mutating func visit(_ value: inout Double) { if isDue() { filler.visit(&value) } }
    mutating func visit(_ value: inout Uuid) { if isDue() { filler.visit(&value) } }
    mutating func visit(_ value: inout String?) { if isDue() { filler.visit(&value) } }
    mutating func visit(_ value: inout Bytes?) { if isDue() { filler.visit(&value) } }
    mutating func visit(_ value: inout Records?) { if isDue() { filler.visit(&value) } }

    mutating func visit<E: WireType>(_ value: inout [E]?) throws(WireError) {
        if isDue() { return try change(&value) }
        guard var array = value else { return }
        for index in array.indices { try array[index].accept(&self) }
        value = array
    }

    private mutating func change<E: WireType>(_ value: inout [E]?) throws(WireError) {
        let array = value ?? []
        switch filler.choice() & 7 {
        case 0: value = []
        case 1: value = filler.isNullable ? nil : []
        case 2: value = array + array.prefix(1)
        case 3: value = array.reversed()
        case 4: value = array.dropLast()
        case 5: value = array + array
        case 6: try filler.visit(&value)
        default: value = array + array.prefix(1) + array.prefix(1) + array.prefix(1)
        }
    }

    mutating func visit<S: WireStruct>(_ value: inout S?) throws(WireError) {
        if isDue() { value = value == nil || !filler.isNullable ? S() : nil }
        guard var structure = value else { return }
        try visit(&structure)
        value = structure
    }
}

/// The visitor that makes every error code of an answer the same one.
struct ErrorSetter: MessageWalk {
    let version: Int16
    var flexible: Bool
    let code: Int16
    private var isError = false

    init(version: Int16, flexible: Bool, code: Int16) {
        self.version = version
        self.flexible = flexible
        self.code = code
    }

    mutating func enter<T: WireType>(_ field: Field, _: T, default _: T) throws(WireError) -> Bool {
        isError = "\(field.name)".hasSuffix("rrorCode")
        return field.versions.contains(version)
    }
    mutating func visit(_ value: inout Int16) { if isError { value = code } }
}
