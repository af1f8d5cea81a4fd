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
        case .character("+"), .character("="): interval = RefreshInterval.next(interval, longer: true)
        case .character("-"), .character("_"): interval = RefreshInterval.next(interval, longer: false)
        case .control("l"): return [.look]
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
        default: if let distance = key.distance(page: page) { move(by: distance) }
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
        case .character(" "): textTop += page
        default: textTop += key.distance(page: page) ?? 0
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

    private mutating func cycleSort() {
        let shown = tab == .alerts ? AlertList.sorts(self) : TallyList.sorts(self)
        let sort = sorts[tab] ?? 0
        sorts[tab] = shown.sorted().first { $0 > sort } ?? shown.min() ?? 0
        isReversed[tab] = false
        cursors[tab] = ListCursor()
        arrange()
    }
}
