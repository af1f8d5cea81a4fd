import ArgumentParser

/// Which frames are meant: `3,5-7`, `10-`.
struct FrameNumbers: ExpressibleByArgument {
    private let ranges: [ClosedRange<Int>]

    init?(argument: String) {
        var ranges: [ClosedRange<Int>] = []
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
            guard ends.count <= 2, let first = Int(ends[0]), first >= 1 else { return nil }
            guard ends.count == 2 else {
                ranges.append(first...first)
                continue
            }
            guard let last = ends[1].isEmpty ? Int.max : Int(ends[1]), last >= first else { return nil }
            ranges.append(first...last)
        }
        self.ranges = ranges
    }

    func contains(_ number: Int) -> Bool { ranges.contains { $0.contains(number) } }
}
