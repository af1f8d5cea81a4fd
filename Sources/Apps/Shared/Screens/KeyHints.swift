/// The keys that there are, and what they do: a line at the foot, and a page of help.
package enum KeyHints {
    /// As many as there is room for.
    package static func line(_ keys: [(key: String, meaning: String)], width: Int) -> ScreenLine {
        var line = ScreenLine()
        for (key, meaning) in keys {
            var item = ScreenLine()
            if !line.spans.isEmpty { item.add("  ") }
            item.add(key, TextStyle(colour: .cyan, isBold: true))
            item.add(" \(meaning)", .dim)
            guard line.width + item.width <= width else { break }
            line.add(item)
        }
        return line
    }

    /// Each on a line of its own, below a title; below another what the figures mean.
    package static func page(_ keys: [(key: String, meaning: String)], figures: [String]) -> [ScreenLine] {
        var lines = [ScreenLine("Keys", .bold)]
        for (key, meaning) in keys {
            var line = ScreenLine("  " + TextWidth.padded(key, 12), TextStyle(colour: .cyan))
            line.add(meaning)
            lines.append(line)
        }
        lines.append(ScreenLine())
        lines.append(ScreenLine("Figures", .bold))
        return lines + figures.map { ScreenLine("  " + $0) }
    }
}
