// What the keys do.

import ClusterView
import Screens

extension WatchState {
    /// Takes a key, and says what is to be done outside.
    package mutating func press(_ key: Key) -> [Effect] {
        defer { settle() }
        if key == .control("c") { return [.quit] }
        if key == .control("z") { return [.suspend] }
        if filter.isTyping {
            filter.press(key)
            arrange()
            return []
        }
        if showsHelp || opened != nil { return read(key) }
        switch key {
        case .character("q"), .character("Q"): return [.quit]
        case .character("h"), .character("?"):
            showsHelp = true
            textTop = 0
        case .character("p"), .character(" "):
            pause()
            return isPaused ? [] : [.look]
        case .character("+"), .character("="): changeInterval(longer: true)
        case .character("-"), .character("_"): changeInterval(longer: false)
        case .control("l"): return [.look]
        case .up, .character("k"): move(by: -1)
        case .down, .character("j"): move(by: 1)
        case .pageUp, .control("b"): move(by: -page)
        case .pageDown, .control("f"): move(by: page)
        case .home, .character("g"): move(by: -.max / 2)
        case .end, .character("G"): move(by: .max / 2)
        case .character("1"): go(to: .alerts)
        case .character("2"): go(to: .rules)
        case .character("3"): go(to: .users)
        case .character("4"): go(to: .merchants)
        case .character("5"): go(to: .pipeline)
        case .tab, .right, .character("l"): next(1)
        case .backTab, .left: next(-1)
        case .enter: return enter()
        case .escape, .backspace: back()
        case .character("s") where tab != .pipeline: cycleSort()
        case .character("r") where tab != .pipeline:
            isReversed[tab] = !(isReversed[tab] ?? false)
            arrange()
        case .character("/") where tab != .pipeline: filter.isTyping = true
        default: break
        }
        return []
    }

    /// Keys while an alert or the help is open.
    private mutating func read(_ key: Key) -> [Effect] {
        switch key {
        case .character("q") where showsHelp, .character("h"), .character("?"), .escape, .backspace, .enter, .left:
            showsHelp = false
            opened = nil
            textTop = 0
        case .character("q"): return [.quit]
        case .up, .character("k"): textTop -= 1
        case .down, .character("j"): textTop += 1
        case .pageUp, .control("b"): textTop -= page
        case .pageDown, .control("f"), .character(" "): textTop += page
        case .home, .character("g"): textTop = 0
        case .end, .character("G"): textTop = .max / 2
        default: break
        }
        return []
    }

    private var page: Int {
        let layout = WatchLayout(self)
        return max(1, (showsHelp || opened != nil ? layout.bodyRows : layout.listRows) - 1)
    }

    private mutating func move(by distance: Int) {
        cursors[tab, default: ListCursor()].move(by: distance, count: count)
    }

    private mutating func go(to tab: Tab) {
        self.tab = tab
        arrange()
    }

    private mutating func next(_ step: Int) {
        let count = Tab.allCases.count
        go(to: Tab.allCases[(tab.rawValue + step + count) % count])
    }

    /// Looks into an alert, or at the alerts of a rule, a user, a merchant.
    private mutating func enter() -> [Effect] {
        let selected = cursors[tab, default: ListCursor()].selected
        switch tab {
        case .alerts: return alertRows.indices.contains(selected) ? open(alertRows[selected]) : []
        case .rules, .users, .merchants:
            guard tallyRows.indices.contains(selected) else { return [] }
            pick = tallyRows[selected].pick
            cursors[.alerts] = ListCursor()
            filters[.alerts] = FilterEntry()
            go(to: .alerts)
            return []
        case .pipeline: return []
        }
    }

    private mutating func back() {
        if !filter.text.isEmpty {
            filter = FilterEntry()
        } else if tab == .alerts {
            pick = nil
        }
        arrange()
    }

    private mutating func changeInterval(longer: Bool) {
        let now = interval.inSeconds
        let next = longer ? Self.intervals.first { $0 > now } : Self.intervals.last { $0 < now }
        if let next { interval = .seconds(next) }
    }

    private mutating func cycleSort() {
        let shown = tab == .alerts ? AlertList.sorts(self) : TallyList.sorts(self)
        let sort = sorts[tab] ?? 0
        sorts[tab] = shown.sorted().first { $0 > sort } ?? shown.min() ?? 0
        isReversed[tab] = false
        cursors[tab] = ListCursor()
        arrange()
    }
}
