/// A new row of `transactions(id, user_id, amount, card_type, merchant_id, created_at)`.
public struct Transaction: Equatable, Sendable {
    /// How the row came to be reported.
    public enum Origin: Equatable, Sendable {
        /// An insert (`op` is `c`).
        case insert
        /// A row that was there when the connector started (`op` is `r`).
        case snapshot
    }

    /// Where `createdAt` was taken from.
    public enum TimeSource: Equatable, Sendable {
        /// The column `created_at`.
        case column
        /// `source.ts_ms`, the time of the database's commit, since the column holds no time, or a date alone.
        case commit
    }

    /// The kinds of card that the exercise knows.
    public enum Card: Equatable, Sendable {
        case visa
        case mastercard
        case amex
        case other
        /// The column is null or absent.
        case none
    }

    /// The row's `id`.
    public var id: Int64
    /// The row's `user_id`.
    public var userID: Int64
    /// The row's `amount`, exact.
    public var amount: Amount
    /// The row's `card_type`.
    public var card: Card
    /// The row's `merchant_id`; nil when it is null or absent.
    public var merchantID: Int64?
    /// The time of the event.
    public var createdAt: EventTime
    /// Where that time was taken from.
    public var timeSource: TimeSource
    /// How the row came to be reported.
    public var origin: Origin

    /// A transaction made by hand, for tests and replays.
    public init(
        id: Int64, userID: Int64, amount: Amount, card: Card = .none, merchantID: Int64? = nil,
        createdAt: EventTime, timeSource: TimeSource = .column, origin: Origin = .insert
    ) {
        self.id = id
        self.userID = userID
        self.amount = amount
        self.card = card
        self.merchantID = merchantID
        self.createdAt = createdAt
        self.timeSource = timeSource
        self.origin = origin
    }
}

/// What a record of Debezium's topics says, as far as the agents are concerned.
public enum ChangeEvent: Equatable, Sendable {
    /// A new row.
    case transaction(Transaction)
    /// A sound event that is no new row of the table.
    case notATransaction(NotATransaction)
    /// An event that lacks what the rules need, or that is broken: to be counted and skipped, never taken for 0.00.
    case malformed(Malformed)
}

/// Why a sound event is no new transaction.
public enum NotATransaction: String, Equatable, Sendable, CaseIterable {
    /// A row changed (`u`).
    case update
    /// A row went (`d`).
    case delete
    /// The null value that follows a delete, for compaction.
    case tombstone
    /// The whole table was emptied (`t`).
    case truncate
    /// A logical decoding message (`m`).
    case message
    /// The event is of another table.
    case otherTable
    /// BEGIN or END on the transaction topic (`provide.transaction.metadata`).
    case transactionMetadata
    /// What a connector writes while nothing changes (`heartbeat.interval.ms`).
    case heartbeat
    /// A statement that changed tables, on the schema-change topic of MySQL's, Oracle's and SQL Server's connectors.
    case schemaChange
    /// How far a snapshot is (`notification.enabled.channels=sink`).
    case notification
    /// An old row under a new key: an update of the key columns is reported as delete, tombstone and create, and the
    /// create carries the record header `ChangeEventDecoder.oldKeyHeader`.
    case movedRow
    /// A row that was judged before: its event was delivered again, or a snapshot has read it again. The decoder knows of
    /// none; who remembers rows does.
    case repeated
}
