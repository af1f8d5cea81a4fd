/// Numbers over time, the newest at the end: bounded, and only ever later.
package struct Series: Sendable, Equatable {
    /// A number at a time.
    package struct Point: Sendable, Equatable {
        package var at: Duration
        package var value: Double
    }

    package private(set) var points: [Point] = []
    private let limit: Int

    /// At most `limit` points are kept.
    package init(limit: Int = 120) { self.limit = limit }

    /// Adds a point. One that is not later than the last is passed over: time stood still, or a clock was set.
    package mutating func add(_ value: Double, at: Duration) {
        if let last = points.last, at <= last.at { return }
        if points.count >= limit { points.removeFirst(points.count - limit + 1) }
        points.append(Point(at: at, value: value))
    }

    /// From the first point to the last.
    package var span: Duration { (points.last?.at ?? .zero) - (points.first?.at ?? .zero) }

    /// The newest value.
    package var last: Double? { points.last?.value }

    /// The points of the last `window`, and the one before them where otherwise only one would be left.
    private func recent(_ window: Duration) -> ArraySlice<Point> {
        guard let last = points.last else { return [] }
        let first = points.firstIndex { last.at - $0.at <= window } ?? points.count - 1
        return points[max(0, min(first, points.count - 2))...]
    }

    /// How much the value has changed per second, from the first to the last point of the window: for counters. Nil with
    /// fewer than two points.
    package func rate(over window: Duration) -> Double? {
        let recent = recent(window)
        guard let first = recent.first, let last = recent.last, last.at > first.at else { return nil }
        return (last.value - first.value) / (last.at - first.at).inSeconds
    }

    /// The slope, per second, of the straight line that fits the window's points best (least squares): for values that go
    /// up and down. Nil with fewer than two points.
    package func slope(over window: Duration) -> Double? {
        let recent = recent(window)
        guard recent.count >= 2, let origin = recent.first?.at else { return nil }
        let times = recent.map { ($0.at - origin).inSeconds }
        let count = Double(recent.count)
        let meanTime = times.reduce(0, +) / count
        let mean = recent.reduce(0) { $0 + $1.value } / count
        var above = 0.0
        var below = 0.0
        for (time, point) in zip(times, recent) {
            above += (time - meanTime) * (point.value - mean)
            below += (time - meanTime) * (time - meanTime)
        }
        return below > 0 ? above / below : nil
    }

    /// How much the value has grown per second, from each point to the next.
    package var steps: [Double] {
        zip(points, points.dropFirst()).map { ($1.value - $0.value) / ($1.at - $0.at).inSeconds }
    }
}

extension Duration {
    /// Seconds with a fraction.
    package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
