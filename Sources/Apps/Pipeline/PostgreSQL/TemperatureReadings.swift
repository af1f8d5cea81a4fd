// The table `temperature_readings`, as its producer writes it and its consumer reads it.
//
// Whose clock: the database's, for both, so that it does not matter where the programs run. `recorded_at` is a
// `timestamp`, which knows no zone, and holds UTC: the server's local time would depend on each session's TimeZone
// (PGTZ), and would jump twice a year.

import AppSupport

/// The table of temperature readings.
public enum TemperatureReadings {
    static let now = "(extract(epoch FROM now()) * 1000000)::bigint"

    /// Creates the table when it is missing.
    public static func create(on connection: Connection) throws(PostgreSQLError) {
        try connection.createTable(
            "temperature_readings",
            columns: "id serial PRIMARY KEY, recorded_at timestamp, temperature double precision")
    }

    /// What time it is by the database's clock.
    public static func clock(on connection: Connection) throws(PostgreSQLError) -> Timestamp {
        try timestamp(connection.query("SELECT \(now)").first, on: connection)
    }

    /// Inserts a reading, unless the very same one is there: so it may be sent again when an answer got lost.
    ///
    /// - Parameter again: whether it may be there; only then the table is searched.
    public static func insert(
        _ celsius: Double, at moment: Timestamp, again: Bool, on connection: Connection
    ) throws(PostgreSQLError) {
        let time = "timestamp 'epoch' + $1::bigint * interval '1 microsecond'"
        let unlessThere =
            again
            ? " WHERE NOT EXISTS (SELECT 1 FROM temperature_readings WHERE recorded_at = \(time) "
                + "AND temperature = $2::double precision)" : ""
        try connection.query(
            "INSERT INTO temperature_readings (recorded_at, temperature) SELECT \(time), $2::double precision"
                + unlessThere, [String(moment.microseconds), "\(celsius)"])
    }

    /// The readings of a stretch of time.
    public struct Summary: Sendable, Equatable {
        /// The database's time at the window's end.
        public let moment: Timestamp
        /// How many readings there are.
        public let count: Int
        /// Their mean in °C; nil when there are none.
        public let average: Double?

        /// A summary with these values.
        public init(moment: Timestamp, count: Int, average: Double?) {
            self.moment = moment
            self.count = count
            self.average = average
        }
    }

    /// The mean of the readings of the last `window`, by time and not by number: a missing reading moves nothing in.
    public static func summary(
        ofLast window: Duration, on connection: Connection
    ) throws(PostgreSQLError) -> Summary {
        let (seconds, attoseconds) = window.components
        let micros = seconds.multipliedReportingOverflow(by: 1_000_000)
        let width = micros.overflow ? .max : micros.partialValue + attoseconds / 1_000_000_000_000
        let answer = try connection.query(
            """
            SELECT \(now), count(temperature), avg(temperature) FROM temperature_readings
            WHERE recorded_at > (now() AT TIME ZONE 'UTC') - $1::bigint * interval '1 microsecond'
              AND recorded_at <= (now() AT TIME ZONE 'UTC')
            """, [String(width)])
        guard let row = answer.rows.first, row.count == 3 else {
            throw PostgreSQLError(.other(sqlState: ""), server: connection.server, detail: "no answer to a count")
        }
        return Summary(
            moment: try timestamp(row[0], on: connection), count: row[1].flatMap { Int($0) } ?? 0,
            average: row[2].flatMap { Double($0) })
    }

    private static func timestamp(_ text: String?, on connection: Connection) throws(PostgreSQLError) -> Timestamp {
        guard let text, let microseconds = Int64(text) else {
            throw PostgreSQLError(.other(sqlState: ""), server: connection.server, detail: "its clock shows no time")
        }
        return Timestamp(microseconds: microseconds)
    }
}
