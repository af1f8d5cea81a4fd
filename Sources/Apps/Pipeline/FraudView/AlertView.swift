import AppSupport
import ChangeEvents
import ClusterView
import Screens

/// One alert: all of its fields, and its user's last transactions.
enum AlertView {
    private typealias Column = ScreenTable.Column
    private typealias Cell = ScreenTable.Cell

    static func lines(_ state: WatchState, width: Int) -> [ScreenLine] {
        guard let opened = state.opened else { return [] }
        let alert = opened.alert
        var lines = facts(alert)
        lines.append(ScreenLine())
        lines += payments(state, opened, width)
        lines.append(ScreenLine())
        lines.append(ScreenLine("The alert", .bold))
        for line in TailMessage.lines(alert.message.value) {
            lines += TextWidth.wrapped(line, max(2, width)).map { ScreenLine($0) }
        }
        return lines
    }

    private static func facts(_ alert: SeenAlert) -> [ScreenLine] {
        func line(_ name: String, _ value: String, _ style: TextStyle = .plain) -> ScreenLine {
            var line = ScreenLine(TextWidth.padded(name, 16), .dim)
            line.add(value, style)
            return line
        }
        return [
            line("rule", alert.rule, AlertWords.style(alert.rule)), line("finding", alert.finding),
            line("user", "\(alert.user)", .bold), line("amount", alert.amount, .bold),
            line("merchant", alert.merchant.map { "\($0)" } ?? "not known yet"),
            line("transaction", alert.transaction.map { "\($0)" } ?? "–"),
            line("event's time", alert.eventTime.map { MessageView.moment($0) } ?? "–"),
            line("event's record", alert.payment.map { MessageView.moment($0.recordedAt) } ?? "–"),
            line("alert's record", MessageView.moment(alert.recordedAt)),
            line("latency", AlertWords.latency(alert.sinceRecord) + " from the event's record"),
            line("source", alert.place.map { "partition \($0.partition), offset \($0.offset)" } ?? "–"),
            line("alert at", "partition \(alert.id.partition), offset \(alert.id.offset)"),
        ]
    }

    private static func payments(_ state: WatchState, _ opened: WatchState.Opened, _ width: Int) -> [ScreenLine] {
        let payments = state.pastPayments
        var title = ScreenLine("The user's last transactions", .bold)
        switch opened.past {
        case .seen: break
        case .reading: title.add("  those before are being read…", .dim)
        case .read:
            title.add("  up to \(Quantity.count(PaymentLookUp.stretch)) events before were read", .dim)
        case .failed(let sentence): title.add("  \(sentence)", .red)
        }
        var lines = [title.fitted(width)]
        guard !payments.isEmpty else {
            if opened.past != .reading { lines.append(ScreenLine("none were seen", .dim)) }
            return lines
        }
        let table = ScreenTable(columns: [
            Column(title: "  TIME", rank: 0, least: 25, isNumeric: false), Column(title: "AMOUNT", rank: 0, least: 10),
            Column(title: "MERCHANT", rank: 1, least: 8), Column(title: "CARD", rank: 3, least: 4, isNumeric: false),
            Column(title: "TRANSACTION", rank: 2, least: 11),
            Column(title: "SOURCE", rank: 4, least: 8, isNumeric: false),
        ])
        let sum = payments.dropFirst().reduce(0.0) { $0 + Double($1.transaction.amount.cents) / 100 }
        lines += table.lines(
            payments.map { cells($0, isAlert: $0.place == opened.alert.place) }, width: width, selected: nil)
        if payments.count > 1 {
            lines.append(
                ScreenLine(
                    "  the mean of those before the newest is \(Figures.fixed(sum / Double(payments.count - 1), decimals: 2))",
                    .dim))
        }
        return lines
    }

    private static func cells(_ payment: SeenPayment, isAlert: Bool) -> [Cell] {
        let transaction = payment.transaction
        let style = isAlert ? TextStyle(colour: .yellow, isBold: true) : .plain
        let time = MessageView.moment(transaction.createdAt.microseconds / 1000)
        return [
            Cell((isAlert ? "▸ " : "  ") + time, style), Cell("\(transaction.amount)", style),
            Cell(transaction.merchantID.map { "\($0)" } ?? "–"), Cell(card(transaction.card)),
            Cell("\(transaction.id)"), Cell("\(payment.place.partition)@\(payment.place.offset)", .dim),
        ]
    }

    private static func card(_ card: Transaction.Card) -> String {
        switch card {
        case .visa: "VISA"
        case .mastercard: "MASTERCARD"
        case .amex: "AMEX"
        case .other: "other"
        case .none: "–"
        }
    }
}
