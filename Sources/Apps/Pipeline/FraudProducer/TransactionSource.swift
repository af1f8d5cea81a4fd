// Card transactions, made up.

import AppSupport
import ArgumentParser
import PostgreSQL

/// Random transactions as the exercise wants them: users 1000 to 9999 unless others are named, amounts 5.00 to 5000.00, three card types,
/// merchants 1 to 100, all evenly spread.
struct TransactionSource {
    static let cards = ["VISA", "MASTERCARD", "AMEX"]
    /// The columns of a row, in the order in which `append` writes them.
    static let columns = ["user_id", "amount", "card_type", "merchant_id"]
    static let table = "transactions"
    static let definition = """
        id serial PRIMARY KEY, user_id int, amount decimal(10,2), card_type varchar(20), merchant_id int, \
        created_at timestamp DEFAULT now()
        """

    private var random: SeededRandom
    private let users: ClosedRange<Int>

    /// Transactions that the seed repeats.
    init(seed: UInt64, users: ClosedRange<Int> = UserRange.exercise.users) {
        random = SeededRandom(seed: seed)
        self.users = users
    }

    /// Appends so many rows.
    mutating func append(_ count: Int, to rows: inout CopyRows) {
        for _ in 0..<count {
            rows.field(Int.random(in: users, using: &random))
            rows.field(hundredths: Int.random(in: 500...500_000, using: &random))
            rows.field(TransactionSource.cards[Int.random(in: 0..<TransactionSource.cards.count, using: &random)])
            rows.field(Int.random(in: 1...100, using: &random))
            rows.endRow()
        }
    }
}

/// Users as the option names them: `1000-9999`.
struct UserRange: ExpressibleByArgument, Equatable, CustomStringConvertible, Sendable {
    /// The exercise's.
    static let exercise = UserRange(users: 1000...9999)
    let users: ClosedRange<Int>

    init(users: ClosedRange<Int>) { self.users = users }

    /// Two numbers that the column can hold, the lower one first; one number is one user.
    init?(argument: String) {
        let ends = argument.split(separator: "-", omittingEmptySubsequences: false).map { Int32($0) }
        guard (1...2).contains(ends.count), let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last
        else { return nil }
        users = Int(first)...Int(last)
    }

    var description: String { "\(users.lowerBound)-\(users.upperBound)" }
    var defaultValueDescription: String { description }
}
