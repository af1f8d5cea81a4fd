import KafkaWire
import Screens

/// What the view shows, and what keys do to it. Pure: keys, looks and messages in, a new state out, and what is to be done
/// outside as an ``Effect``.
package struct TopState: Sendable {
    package enum Tab: Int, CaseIterable, Sendable { case brokers, topics, groups }

    /// What one has gone into.
    package enum Detail: Sendable, Equatable {
        case topic(String)
        case group(String)
    }

    /// The parts of a topic's view.
    package enum Pane: Sendable { case partitions, messages }

    /// What is to be done outside.
    package enum Effect: Sendable, Equatable {
        case quit
        /// Look now, not only when it is time.
        case look
        case openTail(String)
        case closeTail
        /// Stop the process until the shell has it go on.
        case suspend
    }

    // What was seen.
    package var snapshot: ClusterSnapshot?
    package var history = ClusterHistory()
    package internal(set) var brokerRows: [BrokerRow] = []
    package internal(set) var topicRows: [TopicRow] = []
    package internal(set) var groupRows: [GroupRow] = []
    /// The rows before the filter.
    var unfiltered = (brokers: [BrokerRow](), topics: [TopicRow](), groups: [GroupRow]())
    /// Why the last look failed; nil where it did not.
    package internal(set) var failure: String?
    package internal(set) var isLooking = false

    // Where one is.
    package internal(set) var size: (columns: Int, rows: Int)
    package internal(set) var tab = Tab.topics
    package internal(set) var detail: Detail?
    package internal(set) var pane = Pane.messages
    package internal(set) var openMessage: TailMessage?
    package internal(set) var showsHelp = false
    package internal(set) var cursors: [Tab: ListCursor] = [:]
    package internal(set) var detailCursor = ListCursor()
    package internal(set) var partitionCursor = ListCursor()
    package internal(set) var messageCursor = ListCursor()
    /// The first line of an open message, of the help, that is shown.
    package internal(set) var textTop = 0

    // What was chosen.
    package internal(set) var brokerSort = BrokerRow.Sort.id
    package internal(set) var topicSort = TopicRow.Sort.name
    package internal(set) var groupSort = GroupRow.Sort.lag
    package internal(set) var isReversed: [Tab: Bool] = [:]
    package internal(set) var filters: [Tab: FilterEntry] = [:]
    package internal(set) var isPaused = false
    package internal(set) var interval: Duration

    // The latest messages of the topic one has gone into.
    package internal(set) var messages: [TailMessage] = []
    package internal(set) var tailTrouble: String?
    /// Whether the newest message stays selected as messages come.
    package internal(set) var follows = true

    package init(size: (columns: Int, rows: Int), interval: Duration = .seconds(2)) {
        self.size = size
        self.interval = interval
    }

    // MARK: - What comes from outside

    /// A look has begun.
    package mutating func beginLook() { isLooking = true }

    /// A look has ended.
    package mutating func take(_ look: Result<ClusterSnapshot, KafkaError>) {
        isLooking = false
        switch look {
        case .success(let snapshot):
            failure = nil
            history.add(snapshot)
            self.snapshot = snapshot
            unfiltered = (
                TopRows.brokers(snapshot, history), TopRows.topics(snapshot, history),
                TopRows.groups(snapshot, history)
            )
            arrange()
        case .failure(let error): failure = error.message
        }
        settle()
    }

    /// Something came of the topic's tail.
    package mutating func take(_ news: TopicTail.News) {
        switch news {
        case .trouble(let sentence): tailTrouble = sentence
        case .recovered: tailTrouble = nil
        case .messages(let new): add(new)
        }
        settle()
    }

    private mutating func add(_ new: [TailMessage]) {
        guard case .topic(let name) = detail, !isPaused || messages.isEmpty else { return }
        let selected = messages.indices.contains(messageCursor.selected) ? messages[messageCursor.selected].id : nil
        let distance = messageCursor.selected - messageCursor.first
        let known = Set(messages.map(\.id))
        messages += new.filter { $0.partition.topic == name && !known.contains($0.id) }
        if new.contains(where: \.isOld) {
            // What was there before comes partition by partition: it stands in the order of its time.
            let old = messages.filter(\.isOld).sorted {
                ($0.timestamp, $0.partition.partition, $0.offset) < ($1.timestamp, $1.partition.partition, $1.offset)
            }
            messages = old + messages.filter { !$0.isOld }
        }
        if messages.count > TopicTail.kept { messages.removeFirst(messages.count - TopicTail.kept) }
        if follows {
            messageCursor.selected = messages.count - 1
        } else if let selected, let index = messages.firstIndex(where: { $0.id == selected }) {
            messageCursor.selected = index
            messageCursor.first = index - distance
        }
    }

    /// The terminal has another size.
    package mutating func resize(columns: Int, rows: Int) {
        size = (max(1, columns), max(1, rows))
        settle()
    }

    // MARK: - Rows

    /// What is written behind `/`, for the tab that is shown.
    package internal(set) var filter: FilterEntry {
        get { filters[tab, default: FilterEntry()] }
        set { filters[tab] = newValue }
    }

    /// The id of the selected row of a tab.
    func selectedId(_ tab: Tab) -> String? {
        let index = cursors[tab, default: ListCursor()].selected
        switch tab {
        case .brokers: return brokerRows.indices.contains(index) ? "\(brokerRows[index].id)" : nil
        case .topics: return topicRows.indices.contains(index) ? topicRows[index].id : nil
        case .groups: return groupRows.indices.contains(index) ? groupRows[index].id : nil
        }
    }

    /// Filters and sorts; what was selected stays selected.
    mutating func arrange() {
        let selected = Tab.allCases.map { selectedId($0) }
        func matches(_ tab: Tab, _ texts: String...) -> Bool {
            let filter = filters[tab, default: FilterEntry()].text.lowercased()
            return filter.isEmpty || texts.contains { $0.lowercased().contains(filter) }
        }
        func isReversed(_ tab: Tab) -> Bool { self.isReversed[tab] ?? false }
        brokerRows = TopRows.sorted(
            unfiltered.brokers.filter { matches(.brokers, "\($0.id)", $0.address, $0.rack ?? "") }, by: brokerSort,
            reversed: isReversed(.brokers))
        topicRows = TopRows.sorted(
            unfiltered.topics.filter { matches(.topics, $0.id) }, by: topicSort, reversed: isReversed(.topics))
        groupRows = TopRows.sorted(
            unfiltered.groups.filter { matches(.groups, $0.id, $0.state, $0.topics.joined(separator: " ")) },
            by: groupSort,
            reversed: isReversed(.groups))
        for (tab, id) in zip(Tab.allCases, selected) {
            guard let id else { continue }
            let index: Int? =
                switch tab {
                case .brokers: brokerRows.firstIndex { "\($0.id)" == id }
                case .topics: topicRows.firstIndex { $0.id == id }
                case .groups: groupRows.firstIndex { $0.id == id }
                }
            if let index { cursors[tab, default: ListCursor()].selected = index }
        }
    }

    func count(_ tab: Tab) -> Int {
        switch tab {
        case .brokers: brokerRows.count
        case .topics: topicRows.count
        case .groups: groupRows.count
        }
    }

    /// Keeps every cursor inside its list, whatever has become of it.
    mutating func settle() {
        let layout = TopLayout(self)
        for tab in Tab.allCases { cursors[tab, default: ListCursor()].settle(count: count(tab), page: layout.listRows) }
        switch detail {
        case .topic(let name)?:
            partitionCursor.settle(
                count: snapshot?.topic(name)?.partitions.count ?? 0, page: layout.partitionRows)
            if follows { messageCursor.selected = messages.count - 1 }
            messageCursor.settle(count: messages.count, page: layout.messageRows)
        case .group(let id)?:
            let rows = snapshot?.group(id).map { GroupView.rows($0) } ?? []
            detailCursor.settle(count: rows.count, page: layout.groupRows)
        case nil: break
        }
    }
}
