import AppSupport
import ChangeEvents
import JSONLines
import KafkaSchemas
import KafkaWire

/// Of a kind of which there may be millions, the first are told one by one.
struct FirstFew: Equatable, Sendable {
    static let most = 10
    private var told = 0

    /// Whether the next one is told, and whether it is the last.
    mutating func next() -> (isTold: Bool, isLast: Bool) {
        guard told < Self.most else { return (false, false) }
        told += 1
        return (true, told == Self.most)
    }
}

/// What an agent has told, so that what lasts is told once. A value.
struct AgentWords: Equatable, Sendable {
    fileprivate var malformed = FirstFew()
    fileprivate var missingSchemas = FirstFew()
    private var commitFlaw: String?
    private var alertFlaw: String?
    private var areAlertsLate = false
    private var readingBackTold: Instant?

    mutating func isNews(commit error: KafkaError) -> Bool {
        defer { commitFlaw = error.message }
        return commitFlaw != error.message
    }

    mutating func commitWorked() { commitFlaw = nil }

    mutating func isNews(alerts error: KafkaError) -> Bool {
        defer { alertFlaw = error.message }
        return alertFlaw != error.message
    }

    mutating func alertsWorked() { alertFlaw = nil }

    /// Whether it is news that alerts are late, or that they are no longer.
    mutating func isNews(late: Bool) -> Bool {
        defer { areAlertsLate = late }
        return areAlertsLate != late
    }

    /// Whether it is time to say again how far reading back has come: every ten seconds.
    mutating func isTimeToTell(_ now: Instant) -> Bool {
        guard let last = readingBackTold else {
            readingBackTold = now
            return false
        }
        guard now - last >= .seconds(10) else { return false }
        readingBackTold = now
        return true
    }

    mutating func readingBackEnded() { readingBackTold = nil }
}

extension AgentRun {
    func tell(_ error: KafkaError) { tellTrouble(error.message) }

    func tellTrouble(_ message: String) {
        if options.json {
            console.line("{\"type\":\"trouble\",\"agent\":\"\(name)\",\"message\":\(JSONText.string(message))}")
            console.flush()
        }
        console.note("\(name): \(SafeText.line(message))")
    }

    func tellMalformed(_ flaw: Malformed, _ source: TopicPartition, _ offset: Offset) {
        let (isTold, isLast) = words.malformed.next()
        guard isTold else { return }
        console.note("\(name): \(source), offset \(offset): \(flaw)")
        if isLast { console.note("\(name): further events of this kind are only counted") }
    }

    func tellMissing(_ error: SchemaRegistryError) {
        let (isTold, isLast) = words.missingSchemas.next()
        guard isTold else { return }
        tellTrouble(error.description)
        if isLast { console.note("\(name): further schemas that are missing are not told") }
    }

    /// The partitions that this instance has by now.
    func tellAssigned() {
        let list = held.sorted()
        if options.json {
            let numbers = list.map { "\($0.partition)" }.joined(separator: ",")
            console.line("{\"type\":\"assigned\",\"agent\":\"\(name)\",\"partitions\":[\(numbers)]}")
            console.flush()
        }
        console.note(
            "\(name): partitions \(list.isEmpty ? "none" : list.map { "\($0.partition)" }.joined(separator: ", "))")
    }

    // MARK: - The past

    func tellReady(_ partition: TopicPartition, _ outcome: ReadingBack.Outcome) {
        if past.progress == nil { words.readingBackEnded() }
        if options.json {
            console.line(
                "{\"type\":\"read_back\",\"agent\":\"\(name)\",\"partition\":\(partition.partition),"
                    + "\"events\":\(outcome.records),\"complete\":\(outcome.cut == nil)}")
            console.flush()
        }
        let rest =
            switch outcome.cut {
            case nil: ""
            case .end(let offset): "; the log ends at offset \(offset), in front of the group's position"
            case .lost: "; the log lost the rest meanwhile"
            case .time: "; the rest would take longer than --history-time, and is left out"
            }
        console.note(
            "\(name): partition \(partition.partition): \(Figures.grouped(outcome.records)) events were read back for the "
                + "users' past\(rest)")
    }

    func tellWaiting(_ partition: TopicPartition, _ error: KafkaError) {
        tellTrouble("partition \(partition.partition) waits, others are judged meanwhile: \(error.message)")
    }

    func tellUnknown(_ partition: TopicPartition, _ error: KafkaError) {
        tellTrouble("partition \(partition.partition) is judged without its past: \(error.message)")
    }

    func tellReadingBack() {
        guard let progress = past.progress, words.isTimeToTell(loop.now) else { return }
        console.note("\(name): \(readingBack(progress))")
    }

    func showProgress() {
        let judged =
            "\(Figures.grouped(desk.tally.events)) events, \(Figures.grouped(desk.tally.alerts)) alerts"
        console.progress("\(name): \(judged)\(past.progress.map { "; \(readingBack($0))" } ?? "")")
    }

    private func readingBack(_ progress: (partitions: Int, done: Int64, of: Int64)) -> String {
        "reading back \(progress.partitions) partitions, \(Figures.grouped(Int(clamping: progress.done))) of "
            + "\(Figures.grouped(Int(clamping: progress.of))) events"
    }

    func tellRestored(_ partition: TopicPartition, _ state: RestoredState) {
        if options.json {
            console.line(
                "{\"type\":\"restored\",\"agent\":\"\(name)\",\"partition\":\(partition.partition),"
                    + "\"records\":\(state.count)}")
            console.flush()
        }
        guard state.position != nil else { return }
        console.note(
            "\(name): partition \(partition.partition): the users' past was taken from the changelog "
                + "(\(Figures.grouped(state.count)) records)")
    }

    // MARK: - The rule

    func tellRules(_ numbers: Rule.Numbers) {
        guard let text = rules?.sheet.text(of: numbers) else { return }
        if options.json {
            console.line("{\"type\":\"rules\",\"agent\":\"\(name)\",\"numbers\":\(JSONText.string(text))}")
            console.flush()
        }
        console.note("\(name): the rule's numbers are \(text) from now on")
    }

    // MARK: - Alerts

    /// What is sent, in the plural.
    var lettersInWords: String {
        switch (options.alertsTopic, options.deadLetterTopic) {
        case (_, nil): "alerts"
        case (nil, _?): "dead letters"
        case (_?, _?): "alerts and dead letters"
        }
    }

    func tellLateAlerts() async {
        guard let courier = channel?.courier else { return }
        let late = await courier.late(after: .seconds(5))
        guard words.isNews(late: !late.isEmpty) else { return }
        guard !late.isEmpty else { return console.note("\(name): all \(lettersInWords) have arrived") }
        let places = late.sorted { $0.key < $1.key }.map { "\($0.value) for \($0.key)" }
        tellTrouble(
            "\(lettersInWords) have not arrived for 5 s: \(places.joined(separator: ", ")); look whether it has a leader. "
                + "They are sent as soon as it has; judging goes on, and their events are not committed before")
    }

    // MARK: - Totals

    func printTotals() {
        console.endProgress()
        if options.json {
            console.line(desk.tally.json(agent: name, users: desk.userCount))
        } else {
            let lines = desk.tally.lines(agent: name, users: desk.userCount, deadLetters: options.deadLetterTopic)
            for line in lines { console.line(line) }
        }
        console.flush()
    }
}
