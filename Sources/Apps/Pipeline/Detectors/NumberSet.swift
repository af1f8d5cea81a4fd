/// Whole numbers, each once, in the order in which they came. A value.
package struct NumberSet: Equatable, Sendable, ExpressibleByArrayLiteral {
    package private(set) var numbers: [Int64] = []
    private var index = SlotIndex()

    /// No numbers.
    package init() {}

    package init(arrayLiteral elements: Int64...) {
        for element in elements { insert(element) }
    }

    package var isEmpty: Bool { numbers.isEmpty }
    package var count: Int { numbers.count }

    package func contains(_ number: Int64) -> Bool {
        index.slot(SlotIndex.hash(number)) { numbers[$0] == number } != nil
    }

    /// Has the place of a number loaded, for an ``insert(_:)`` soon.
    package func prefetch(_ number: Int64) { index.prefetch(SlotIndex.hash(number)) }

    package mutating func insert(_ number: Int64) {
        // What changes several times often does so in a row.
        guard numbers.last != number, !contains(number) else { return }
        numbers.append(number)
        index.insert(numbers.count - 1, SlotIndex.hash(number))
    }

    package mutating func formUnion(_ other: NumberSet) {
        for number in other.numbers { insert(number) }
    }

    /// Whether both have the same numbers, in whatever order.
    package static func == (one: NumberSet, other: NumberSet) -> Bool {
        one.count == other.count && one.numbers.allSatisfy { other.contains($0) }
    }
}
