/// A place in a list: what is selected, and what stands at the top.
package struct ListCursor: Sendable, Equatable {
    package var selected = 0
    package var first = 0

    package init() {}

    /// Moves the selection, inside of `count` rows.
    package mutating func move(by distance: Int, count: Int) {
        selected = max(0, min(selected + distance, count - 1))
    }

    /// Keeps the selection inside `count` rows, and visible on a page.
    package mutating func settle(count: Int, page: Int) {
        selected = max(0, min(selected, count - 1))
        let page = max(1, page)
        if selected < first { first = selected }
        if selected >= first + page { first = selected - page + 1 }
        first = max(0, min(first, count - page))
    }

    /// The rows that a page shows of `count`; none where the list has become shorter than its top.
    package func shown(_ page: Int, of count: Int) -> Range<Int> {
        let end = max(0, min(first + max(0, page), count))
        return min(first, end)..<end
    }
}
