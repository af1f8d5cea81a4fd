// Card transactions, made up.

import AppSupport
import PostgreSQL

/// Random transactions as the exercise wants them: users 1000 to 9999, amounts 5.00 to 5000.00, three card types,
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

    /// Transactions that the seed repeats.
    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
    }

    /// Appends so many rows.
    mutating func append(_ count: Int, to rows: inout CopyRows) {
        for _ in 0..<count {
            rows.field(Int.random(in: 1000...9999, using: &random))
            rows.field(hundredths: Int.random(in: 500...500_000, using: &random))
            rows.field(TransactionSource.cards[Int.random(in: 0..<TransactionSource.cards.count, using: &random)])
            rows.field(Int.random(in: 1...100, using: &random))
            rows.endRow()
        }
    }
}
