// What the keys do.

import Screens

extension TopState {
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
        if showsHelp || openMessage != nil { return read(key) }
        switch key {
        case .character("q"), .character("Q"): return [.quit]
        case .character("h"), .character("?"): open { $0.showsHelp = true }
        case .character("p"), .character(" "):
            isPaused.toggle()
            return isPaused ? [] : [.look]
        case .character("+"), .character("="): interval = RefreshInterval.next(interval, longer: true)
        case .character("-"), .character("_"): interval = RefreshInterval.next(interval, longer: false)
        case .control("l"): return [.look]
        case .character("1"): return go(to: .brokers)
        case .character("2"): return go(to: .topics)
        case .character("3"): return go(to: .groups)
        case .tab, .right, .character("l"): return next(1)
        case .backTab, .left: return next(-1)
        case .enter: return enter()
        case .escape, .backspace: return back()
        case .character("s") where detail == nil: cycleSort()
        case .character("r") where detail == nil:
            isReversed[tab] = !(isReversed[tab] ?? false)
            arrange()
        case .character("/") where detail == nil: filter.isTyping = true
        default: if let distance = key.distance(page: page) { move(by: distance) }
        }
        return []
    }

    /// Keys while a message or the help is open.
    private mutating func read(_ key: Key) -> [Effect] {
        switch key {
        case .character("q") where showsHelp, .character("h"), .character("?"), .escape, .backspace, .enter, .left:
            showsHelp = false
            openMessage = nil
            textTop = 0
        case .character("q"): return [.quit]
        case .character(" "): textTop += page
        default: textTop += key.distance(page: page) ?? 0
        }
        textTop = max(0, min(textTop, TopLayout(self).lastTextTop(self)))
        return []
    }

    private mutating func open(_ change: (inout TopState) -> Void) {
        change(&self)
        textTop = 0
    }

    private var page: Int {
        let layout = TopLayout(self)
        if showsHelp || openMessage != nil { return max(1, layout.bodyRows - 1) }
        switch detail {
        case nil: return max(1, layout.listRows - 1)
        case .group: return max(1, layout.groupRows - 1)
        case .topic: return max(1, (pane == .partitions ? layout.partitionRows : layout.messageRows) - 1)
        }
    }

    private mutating func move(by distance: Int) {
        switch detail {
        case nil: cursors[tab, default: ListCursor()].move(by: distance, count: count(tab))
        case .group(let id):
            let count = snapshot?.group(id).map { GroupView.rows($0).count } ?? 0
            detailCursor.move(by: distance, count: count)
        case .topic(let name):
            if pane == .partitions {
                partitionCursor.move(by: distance, count: snapshot?.topic(name)?.partitions.count ?? 0)
            } else {
                messageCursor.move(by: distance, count: messages.count)
                follows = messageCursor.selected >= messages.count - 1
            }
        }
    }

    private mutating func go(to tab: Tab) -> [Effect] {
        self.tab = tab
        return leave()
    }

    /// The next tab, or the other part of a topic's view.
    private mutating func next(_ step: Int) -> [Effect] {
        switch detail {
        case nil:
            let count = Tab.allCases.count
            tab = Tab.allCases[(tab.rawValue + step + count) % count]
        case .topic: pane = pane == .partitions ? .messages : .partitions
        case .group: break
        }
        return []
    }

    private mutating func enter() -> [Effect] {
        switch detail {
        case nil:
            guard let id = selectedId(tab) else { return [] }
            switch tab {
            case .brokers: return []
            case .topics:
                detail = .topic(id)
                pane = .messages
                messages = []
                tailTrouble = nil
                follows = true
                messageCursor = ListCursor()
                partitionCursor = ListCursor()
                return [.openTail(id)]
            case .groups:
                detail = .group(id)
                detailCursor = ListCursor()
                return []
            }
        case .topic:
            if pane == .messages, messages.indices.contains(messageCursor.selected) {
                let message = messages[messageCursor.selected]
                open { $0.openMessage = message }
            }
            return []
        case .group: return []
        }
    }

    private mutating func back() -> [Effect] {
        if detail != nil { return leave() }
        if !filter.text.isEmpty {
            filter = FilterEntry()
            arrange()
        }
        return []
    }

    private mutating func leave() -> [Effect] {
        guard let left = detail else { return [] }
        detail = nil
        messages = []
        if case .topic = left { return [.closeTail] }
        return []
    }

    private mutating func cycleSort() {
        let shown = ListView.sorts(self)
        func next<Sort: CaseIterable & RawRepresentable<Int>>(_ sort: Sort) -> Sort {
            let all = Sort.allCases.filter { shown.contains($0.rawValue) }
            return all.first { $0.rawValue > sort.rawValue } ?? all.first ?? sort
        }
        switch tab {
        case .brokers: brokerSort = next(brokerSort)
        case .topics: topicSort = next(topicSort)
        case .groups: groupSort = next(groupSort)
        }
        isReversed[tab] = false
        arrange()
        cursors[tab] = ListCursor()
    }
}
