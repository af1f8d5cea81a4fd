// Arithmetic on numbers from outside: what does not fit stops at the end of its type instead of trapping.

extension FixedWidthInteger {
    /// The sum, or the end of the type that it lies beyond.
    @inlinable
    package func addingSaturated(_ other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, or the end of the type that it lies beyond.
    @inlinable
    package func subtractingSaturated(_ other: Self) -> Self {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }

    /// The product, or the end of the type that it lies beyond.
    @inlinable
    package func multipliedSaturated(by other: Self) -> Self {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
    }
}

extension Sequence where Element: FixedWidthInteger {
    /// The sum, stopped at the ends of the type at each step.
    @inlinable
    package func saturatedSum() -> Element { reduce(0) { $0.addingSaturated($1) } }
}
