import ClusterView
import Detectors
import KafkaWire
import Screens

/// What `demo watch` shows, and what keys do to it. Pure: keys, looks and news in, a new state out, and what is to be done
/// outside as an ``Effect``.
package struct WatchState: Sendable {
    package enum Tab: Int, CaseIterable, Sendable { case alerts, rules, users, merchants, pipeline }

    /// What is to be done outside.
    package enum Effect: Sendable, Equatable {
        case quit
        /// Look now, not only when it is time.
        case look
        /// Stop the process until the shell has it go on.
        case suspend
        /// Read the user's transactions in front of the open alert's event.
        case readBack(SeenAlert.ID, PaymentLookUp.Request)
    }

    /// Whose alerts are listed alone.
    package enum Pick: Sendable, Equatable {
        case rule(String)
        case user(Int64)
        case merchant(Int64)
    }

    /// What has come of reading the open alert's past.
    package enum Past: Sendable, Equatable {
        /// What was seen is enough.
        case seen
        case reading
        case read([SeenPayment])
        case failed(String)
    }

    /// The alert that one looks into.
    package struct Opened: Sendable, Equatable {
        package var alert: SeenAlert
        package var past: Past
    }

    /// Fewer transactions of a user than these are not enough: those before are read back.
    static let enough = 5

    // What was seen.
    package let plan: WatchPlan
    package private(set) var ledger: FraudLedger
    package private(set) var snapshot: ClusterSnapshot?
    package private(set) var history = ClusterHistory()
    package private(set) var lags = LagPicture()
    /// Alerts since the view began, at each look.
    private var alertsSeen = Series()
    /// The ledger as it was when one paused.
    private var frozen: FraudLedger?
    /// Why the last look failed; nil where it did not.
    package private(set) var failure: String?
    package private(set) var alertsTrouble: String?
    package private(set) var eventsTrouble: String?
    package private(set) var isLooking = false
    /// What latencies come to, from the events' records and from their own times.
    package private(set) var sinceRecord: LatencySummary?
    package private(set) var sinceEvent: LatencySummary?
    /// The wall's clock at the last news, in milliseconds since 1970.
    package private(set) var now: Int64 = 0

    // Where one is.
    package internal(set) var size: (columns: Int, rows: Int)
    package internal(set) var tab = Tab.alerts
    package internal(set) var opened: Opened?
    package internal(set) var showsHelp = false
    package internal(set) var cursors: [Tab: ListCursor] = [:]
    /// The first line of an open alert, of the help, that is shown.
    package internal(set) var textTop = 0

    // What was chosen.
    package internal(set) var sorts: [Tab: Int] = [:]
    package internal(set) var isReversed: [Tab: Bool] = [:]
    package internal(set) var filters: [Tab: FilterEntry] = [:]
    package internal(set) var pick: Pick?
    package internal(set) var isPaused = false
    package internal(set) var interval: Duration

    // The rows of the tab that is shown.
    package internal(set) var alertRows: [SeenAlert] = []
    package internal(set) var tallyRows: [TallyRow] = []

    package init(
        _ plan: WatchPlan, size: (columns: Int, rows: Int), interval: Duration = .seconds(2),
        ledger: FraudLedger = FraudLedger()
    ) {
        self.plan = plan
        self.size = size
        self.interval = interval
        self.ledger = ledger
    }

    /// What is shown of all that was seen.
    package var seen: FraudLedger { frozen ?? ledger }

    /// Alerts per second, over the last looks; nil until there were two.
    package var alertRate: Double? { alertsSeen.rate(over: ClusterHistory.window).map { max(0, $0) } }
    /// Alerts per second from look to look.
    package var alertSteps: [Double] { alertsSeen.steps }

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
            lags.add(snapshot, history, plan)
            alertsSeen.add(Double(ledger.total), at: snapshot.at)
        case .failure(let error): failure = error.message
        }
        settle()
    }

    /// Something came of the topics, at that time in milliseconds since 1970.
    package mutating func take(_ news: WatchFeed.News, now: Int64) {
        // Events alone come all the time: what they change is shown once a second.
        let isDue = !news.alerts.items.isEmpty || now / 1000 != self.now / 1000
        self.now = now
        alertsTrouble = news.alertsTrouble
        eventsTrouble = news.eventsTrouble
        if news.alertsBegin { ledger.beginAlerts() }
        if let offsets = news.eventsBegin { ledger.beginEvents(offsets) }
        ledger.take(news.events, now: now)
        ledger.take(news.alerts, now: now)
        if isDue { refresh() }
    }

    /// Events that alerts name were looked up.
    package mutating func take(lookedUp payments: [SeenPayment]) {
        ledger.take(lookedUp: payments, now: now)
        refresh()
    }

    /// What is shown follows what was seen, unless one has paused.
    private mutating func refresh() {
        guard !isPaused else { return }
        sinceRecord = ledger.sinceRecord.summary(at: now)
        sinceEvent = ledger.sinceEvent.summary(at: now)
        arrange()
    }

    /// The past of an open alert was read.
    package mutating func take(_ past: Result<[SeenPayment], KafkaError>, of alert: SeenAlert.ID) {
        guard opened?.alert.id == alert else { return }
        switch past {
        case .success(let payments): opened?.past = .read(payments)
        case .failure(let error): opened?.past = .failed(error.message)
        }
        settle()
    }

    /// Places of events that have to be looked up, of one partition; empty where there are none.
    package mutating func nextLookUp() -> [RecordPlace] { ledger.nextLookUp() }

    /// The terminal has another size.
    package mutating func resize(columns: Int, rows: Int) {
        size = (max(1, columns), max(1, rows))
        settle()
    }

    /// What is shown stays, or goes on.
    mutating func pause() {
        isPaused.toggle()
        frozen = isPaused ? ledger : nil
        refresh()
    }

    // MARK: - The open alert

    /// The transactions behind the open alert, the newest first: what was seen and what was read back, up to its event where
    /// that is known.
    package var pastPayments: [SeenPayment] {
        guard let opened else { return [] }
        var payments = seen.memory.payments(of: opened.alert.user)
        if case .read(let more) = opened.past { payments += more }
        if let place = opened.alert.place {
            payments.removeAll { $0.place.partition == place.partition && $0.place.offset > place.offset }
        }
        var places: Set<RecordPlace> = []
        return Array(
            payments.filter { places.insert($0.place).inserted }.sorted(by: SeenPayment.isLater)
                .prefix(PaymentLookUp.kept))
    }

    /// Opens an alert: what was not seen of its user is read back.
    mutating func open(_ alert: SeenAlert) -> [Effect] {
        opened = Opened(alert: alert, past: .seen)
        textTop = 0
        guard let place = alert.place, ledger.isPassed(place), pastPayments.count < Self.enough else { return [] }
        opened?.past = .reading
        return [.readBack(alert.id, .past(user: alert.user, upTo: place))]
    }

    // MARK: - Rows

    /// What is written behind `/`, for the tab that is shown.
    package internal(set) var filter: FilterEntry {
        get { filters[tab, default: FilterEntry()] }
        set { filters[tab] = newValue }
    }

    /// Filters and sorts what is shown; what was selected stays selected, but for the first row, at which new alerts come.
    mutating func arrange() {
        let cursor = cursors[tab, default: ListCursor()]
        switch tab {
        case .alerts:
            let selected = alertRows.indices.contains(cursor.selected) ? alertRows[cursor.selected].id : nil
            alertRows = WatchRows.alerts(self)
            if cursor.selected > 0, let index = alertRows.firstIndex(where: { $0.id == selected }) { select(index) }
        case .rules, .users, .merchants:
            let selected = tallyRows.indices.contains(cursor.selected) ? tallyRows[cursor.selected].id : nil
            tallyRows = WatchRows.tallies(self)
            if cursor.selected > 0, let index = tallyRows.firstIndex(where: { $0.id == selected }) { select(index) }
        case .pipeline: break
        }
        if let open = opened?.alert.id, let alert = seen.alert(open) { opened?.alert = alert }
        settle()
    }

    /// Selects a row that has moved, where it stood on the screen.
    private mutating func select(_ index: Int) {
        var cursor = cursors[tab, default: ListCursor()]
        cursor.first += index - cursor.selected
        cursor.selected = index
        cursors[tab] = cursor
    }

    /// How many rows the shown tab has.
    var count: Int {
        switch tab {
        case .alerts: alertRows.count
        case .rules, .users, .merchants: tallyRows.count
        case .pipeline: lags.rows.count
        }
    }

    /// Keeps the cursor inside its list, whatever has become of it.
    mutating func settle() {
        let layout = WatchLayout(self)
        cursors[tab, default: ListCursor()].settle(count: count, page: layout.listRows)
        textTop = max(0, min(textTop, layout.lastTextTop(self)))
    }
}
