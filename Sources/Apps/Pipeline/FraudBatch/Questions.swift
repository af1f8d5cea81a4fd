// The exercise's two questions as SQL, asked of the table itself.
//
// The answers are those of `Detectors`: a row is judged by the rows of its user with lower ids. Money is `numeric`, which is
// exact, and no mean is compared: amount × count > 3 × sum.
//
// The window of 60 s is no RANGE frame. All rows of a COPY have the same created_at, and a frame by time would count those
// that come after the present one as well; and a row with an older time (one that came late) is judged by its own 60 s among
// the newest 24 times of its user, as the agent does, which remembers no more. So the 50 rows before are looked at one by one;
// the two agree as long as not more than 26 of these came late.

/// Which rows a run reads beside the new ones.
enum LookBack: Equatable, Sendable {
    /// The whole table up to the last new row.
    case everything
    /// Of each user with new rows the 50 before: needs the index on (user_id, id).
    case byUser
}

/// The statements.
enum Questions {
    /// Rows that can be judged. The agents skip events without a user or an amount, too.
    private static func usable(_ row: String) -> String {
        "\(row).user_id IS NOT NULL AND \(row).amount <> 'NaN' AND isfinite(\(row).created_at)"
    }

    /// What there is: the snapshot's bounds, the database's clock, the highest id.
    static let bounds = """
        SELECT txid_snapshot_xmin(now), txid_snapshot_xmax(now),
          (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, (SELECT max(id) FROM transactions)
        FROM txid_current_snapshot() AS now
        """

    /// How many rows there are above `$1` up to `$2`.
    static let count = "SELECT count(*) FROM transactions WHERE id > $1::bigint AND id <= $2::bigint"

    /// The gaps between the ids above `$1` up to `$2`.
    static let gaps = """
        SELECT before + 1, id - 1 FROM (
          SELECT id::bigint, lag(id::bigint, 1, $1::bigint) OVER (ORDER BY id) AS before
          FROM transactions WHERE id > $1::bigint AND id <= $2::bigint) AS row
        WHERE id > before + 1 ORDER BY id
        """

    /// The ids that have appeared in the gaps from `$1` to `$2`, two arrays.
    static let late = """
        SELECT row.id FROM unnest($1::bigint[], $2::bigint[]) AS gap (first, last)
        JOIN transactions AS row ON row.id >= gap.first AND row.id <= gap.last ORDER BY row.id
        """

    /// Whether there is an index on (user_id, id).
    static let hasIndex = """
        SELECT EXISTS (SELECT FROM pg_index WHERE indrelid = 'transactions'::regclass AND indisvalid AND indpred IS NULL
          AND ARRAY(SELECT attname::text FROM unnest(ARRAY[indkey[0], indkey[1]]) WITH ORDINALITY AS key (number, place)
            JOIN pg_attribute ON attrelid = indrelid AND attnum = number ORDER BY place) = ARRAY['user_id', 'id'])
        """

    static let createIndex =
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS transactions_user_id_id ON transactions (user_id, id)"

    /// The rows from `$1` on, `$2` at most, for the referee.
    static let rows = """
        SELECT row.id, row.user_id, row.amount, (extract(epoch FROM row.created_at) * 1000000)::bigint
        FROM transactions AS row WHERE row.id > $1::bigint AND \(usable("row")) ORDER BY row.id LIMIT $2::bigint
        """

    /// The alerts among the rows above `$1` up to `$2`, and those with the ids `$3`: which question, the row, and the mean
    /// of the amounts before or the score.
    static func alerts(_ lookBack: LookBack) -> String {
        """
        WITH fresh AS (
          SELECT id, user_id FROM transactions AS row
          WHERE id > $1::bigint AND id <= $2::bigint AND \(usable("row"))
          UNION ALL
          SELECT id, user_id FROM transactions AS row WHERE id = ANY ($3::bigint[]) AND \(usable("row"))
        ), users AS (
          SELECT user_id, min(id) AS first, max(id) AS last FROM fresh GROUP BY user_id
        ), known AS (
          \(known(lookBack))
        ), ranked AS (
          SELECT *, count(*) OVER before AS history, sum(amount) OVER before AS total,
            row_number() OVER (PARTITION BY user_id ORDER BY id) AS place
          FROM known
          WINDOW before AS (PARTITION BY user_id ORDER BY id ROWS BETWEEN 50 PRECEDING AND 1 PRECEDING)
        ), anomalies AS (
          SELECT 'anomaly' AS question, id, user_id, amount, created_at, round(total / history, 4)::text AS finding
          FROM ranked
          WHERE (id > $1::bigint OR id = ANY ($3::bigint[]))
            AND history >= 3 AND amount > 500 AND amount * history > 3 * total
        ), high AS (
          SELECT id, user_id, amount, created_at, place, place / 50 - back AS fifty
          FROM ranked CROSS JOIN (VALUES (0), (1)) AS part (back)
          WHERE (id > $1::bigint OR id = ANY ($3::bigint[])) AND amount > 4000
        ), fast AS (
          SELECT 'velocity' AS question, high.id, high.user_id, high.amount, high.created_at, '90' AS finding
          FROM high JOIN ranked AS earlier ON earlier.user_id = high.user_id AND earlier.place / 50 = high.fifty
            AND earlier.place >= high.place - 50 AND earlier.place < high.place
            AND earlier.created_at > high.created_at - interval '60 s'
          GROUP BY high.id, high.user_id, high.amount, high.created_at
          HAVING least(count(*) FILTER (WHERE earlier.created_at <= high.created_at),
            24 - count(*) FILTER (WHERE earlier.created_at > high.created_at)) + 1 > 5
        )
        SELECT question, id, user_id, amount, (extract(epoch FROM created_at) * 1000000)::bigint, finding
        FROM (SELECT * FROM anomalies UNION ALL SELECT * FROM fast) AS alert ORDER BY id, question
        """
    }

    /// The rows of users with new ones that are needed to judge these.
    private static func known(_ lookBack: LookBack) -> String {
        switch lookBack {
        case .everything:
            """
            SELECT row.id, row.user_id, row.amount, row.created_at FROM transactions AS row
            JOIN users ON users.user_id = row.user_id AND row.id <= users.last WHERE \(usable("row"))
            """
        case .byUser:
            """
            SELECT row.* FROM users CROSS JOIN LATERAL (
              (SELECT row.id, row.user_id, row.amount, row.created_at FROM transactions AS row
                WHERE row.user_id = users.user_id AND row.id < users.first AND \(usable("row"))
                ORDER BY row.id DESC LIMIT 50)
              UNION ALL
              SELECT row.id, row.user_id, row.amount, row.created_at FROM transactions AS row
              WHERE row.user_id = users.user_id AND row.id >= users.first AND row.id <= users.last AND \(usable("row"))
            ) AS row
            """
        }
    }

    /// For the transaction in hand. A look-back is a walk down the index until there are 50; the planner, which cannot know how
    /// many rows of a user lie before an id, would collect and sort all of them. And it would compile what runs for a moment.
    static let plan =
        "SELECT set_config(name, 'off', true) FROM pg_settings WHERE name IN ('enable_bitmapscan', 'jit')"
}
