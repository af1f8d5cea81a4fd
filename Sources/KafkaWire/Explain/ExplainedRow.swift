extension Explanation {
    /// One line of an explanation: a place in it, from which everything else is worked out when it is asked for.
    public struct Row: Sendable {
        let table: RowTable
        let index: Int

        /// What a row stands for.
        public enum Kind: String, Sendable {
            /// Bytes with a meaning of their own. These rows and the unread ones cover all bytes, each exactly once.
            case field
            /// The heading of a structure; its bytes are those of the rows below it.
            case group
            /// Bytes that could not be read; the note says what was expected.
            case unread
        }

        /// What the row stands for.
        public var kind: Kind {
            let traits = entry.traits
            return traits.contains(.group) ? .group : traits.contains(.unread) ? .unread : .field
        }

        /// How deep the row is nested; 0 at the top.
        public var depth: Int { Int(entry.depth) }
        /// Where the bytes begin: in the message, or in the unpacked data where ``isUnpacked`` is true.
        public var offset: Int { entry.offset }
        /// The bytes. Those of a string, of bytes, or of an array begin with its length.
        public var bytes: Bytes { texts.bytes }
        /// The field's name in Kafka's message definitions, or `[3]` for an element of an array.
        public var name: String { texts.name }
        /// The name with those of everything around it, such as `topics[3].partitions[0].errorCode`.
        public var path: String { texts.path }
        /// The type, as Kafka's protocol guide writes it: `int32`, `compact string`; for a group, the structure's name.
        public var type: String { texts.type }
        /// The value as text; empty for a group.
        public var value: String { texts.value }
        /// What there is to say besides: how a length is written, what a number means, why bytes were not read.
        public var note: String { texts.note }
        /// Whether the row is about compressed records after unpacking: such bytes are not in the message.
        public var isUnpacked: Bool { table.section(of: index).isUnpacked }
        /// Whether the bytes are a secret, or, in a row that could not be read, may hold one: whoever shows the row
        /// shows ``value`` and not ``bytes``. Never true where the explanation was asked for secrets.
        public var isSecret: Bool { entry.traits.contains(.secret) }
        /// How the value is a set of bits; nil where it is none.
        var flagLayout: FlagLayout? { texts.flagLayout }

        private var entry: RowEntry { table.entries[index] }
        private var texts: RowTexts { RowTexts(table, index) }

        static func path(_ parent: String, _ name: String) -> String {
            if name.isEmpty || parent.isEmpty { return parent + name }
            return name.utf8.first == UInt8(ascii: "[") ? parent + name : parent + "." + name
        }
    }

    /// The rows of an explanation.
    public struct Rows: RandomAccessCollection, Sendable {
        let table: RowTable

        /// 0.
        public var startIndex: Int { 0 }
        /// The number of rows.
        public var endIndex: Int { table.entries.count }

        /// The row at `index`, which counts from 0; an index that no row has ends the program, as an array's does.
        public subscript(index: Int) -> Row {
            precondition(table.entries.indices.contains(index), "an index lies inside its collection")
            return Row(table: table, index: index)
        }
    }
}

extension Explanation.Row: Equatable {
    /// Whether both rows say the same, be they of one explanation or of two.
    public static func == (a: Self, b: Self) -> Bool {
        a.kind == b.kind && a.depth == b.depth && a.offset == b.offset && a.bytes == b.bytes && a.path == b.path
            && a.name == b.name && a.type == b.type && a.value == b.value && a.note == b.note
            && a.isUnpacked == b.isUnpacked && a.isSecret == b.isSecret && a.flagLayout == b.flagLayout
    }
}
