/// A visitor that looks at some of a message's values, or changes them, and need not speak of the others. By itself it
/// walks all fields that the version carries, tagged ones as any other, and changes nothing.
package protocol MessageWalk: FieldVisitor {}

extension MessageWalk {
    package mutating func enter<T: WireType>(_ field: Field, _ value: T, default: T) throws(WireError) -> Bool {
        field.versions.contains(version)
    }
    package mutating func leave() {}
    package mutating func enterTagged<T: WireType>(
        _ tag: UInt32, _ field: Field, _ value: T, default: T
    ) throws(WireError) -> Bool { try enter(field, value, default: `default`) }
    package mutating func leaveTagged() throws(WireError) { leave() }

    package mutating func visit(_ value: inout Bool) throws(WireError) {}
    package mutating func visit(_ value: inout Int8) throws(WireError) {}
    package mutating func visit(_ value: inout Int16) throws(WireError) {}
    package mutating func visit(_ value: inout UInt16) throws(WireError) {}
    package mutating func visit(_ value: inout Int32) throws(WireError) {}
    package mutating func visit(_ value: inout UInt32) throws(WireError) {}
    package mutating func visit(_ value: inout Int64) throws(WireError) {}
    package mutating func visit(_ value: inout Double) throws(WireError) {}
    package mutating func visit(_ value: inout Uuid) throws(WireError) {}
    package mutating func visit(_ value: inout String?) throws(WireError) {}
    package mutating func visit(_ value: inout Bytes?) throws(WireError) {}
    package mutating func visit(_ value: inout Records?) throws(WireError) {}

    package mutating func visit<E: WireType>(_ value: inout [E]?) throws(WireError) {
        guard var array = value else { return }
        for index in array.indices { try array[index].accept(&self) }
        value = array
    }

    package mutating func visit<S: WireStruct>(_ value: inout S) throws(WireError) {
        try value.fields(&self)
        if flexible { try value.taggedFields(&self) }
    }

    package mutating func visit<S: WireStruct>(_ value: inout S?) throws(WireError) {
        guard var structure = value else { return }
        try visit(&structure)
        value = structure
    }
}
