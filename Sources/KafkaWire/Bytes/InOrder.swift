extension Dictionary where Key: Comparable {
    /// The elements by their keys. The order of a dictionary itself is another one in each process, and for each dictionary:
    /// what is sent, chosen, drawn or told in turn does not follow it, so that a run can be repeated.
    package var inOrder: [(key: Key, value: Value)] { sorted { $0.key < $1.key } }
}
