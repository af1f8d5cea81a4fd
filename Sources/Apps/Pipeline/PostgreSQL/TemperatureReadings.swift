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
        let answer = try connection.query(
            """
            SELECT \(now), count(temperature), avg(temperature) FROM temperature_readings
            WHERE recorded_at > (now() AT TIME ZONE 'UTC') - $1::bigint * interval '1 microsecond'
              AND recorded_at <= (now() AT TIME ZONE 'UTC')
            """, [String(microseconds(window))])
        guard let row = answer.rows.first, row.count == 3 else {
            throw PostgreSQLError(.other(sqlState: ""), server: connection.server, detail: "no answer to a count")
        }
        return Summary(
            moment: try timestamp(row[0], on: connection), count: row[1].flatMap { Int($0) } ?? 0,
            average: row[2].flatMap { Double($0) })
    }

    /// How many readings of the last `window` are missing where there should be one every `interval`.
    ///
    /// Places are counted from the readings that are there, before the window's first one as well as behind its last: where one
    /// lies two intervals behind the one before it, one is missing. What is less than half an interval late is no gap, and the
    /// next reading has a tenth of the interval, 2 s at most, to come. A window without any lacks all that fit into it.
    ///
    /// - Parameter interval: The producer's, from a microsecond to a hundred years.
    public static func missing(
        ofLast window: Duration, every interval: Duration, on connection: Connection
    ) throws(PostgreSQLError) -> Int {
        let answer = try connection.query(
            """
            WITH bounds AS (
              SELECT now - $1::bigint / 1e6 AS start, now, $2::bigint / 1e6 AS step
              FROM (SELECT extract(epoch FROM now() AT TIME ZONE 'UTC')::float8 AS now) AS clock
            ), readings AS (
              SELECT extract(epoch FROM recorded_at)::float8 AS at FROM temperature_readings, bounds
              WHERE temperature IS NOT NULL AND recorded_at <= now() AT TIME ZONE 'UTC'
                AND recorded_at > timestamp 'epoch' + (start - step) * interval '1 second'
            ), gaps AS (
              SELECT round((at - coalesce(lag(at) OVER (ORDER BY at), at)) / step) - 1 AS lacking, at
              FROM readings, bounds
            ), edges AS (SELECT min(at) AS first, max(at) AS last FROM readings)
            SELECT (CASE
              WHEN last IS NULL OR last <= start THEN $1::bigint / $2::bigint
              ELSE greatest(0, ceil((first - start) / step) - 1)
                + greatest(0, floor((now - last - least(step / 10, 2)) / step))
                + (SELECT coalesce(sum(greatest(lacking, 0)), 0) FROM gaps WHERE at > start)
              END)::bigint FROM bounds, edges
            """, [String(microseconds(window)), String(max(1, microseconds(interval)))])
        guard let count = answer.first.flatMap({ Int($0) }) else {
            throw PostgreSQLError(.other(sqlState: ""), server: connection.server, detail: "no answer to a count")
        }
        return count
    }

    /// The nearest that a `bigint` holds.
    private static func microseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        let micros = seconds.multipliedReportingOverflow(by: 1_000_000)
        return micros.overflow ? .max : micros.partialValue + attoseconds / 1_000_000_000_000
    }

    private static func timestamp(_ text: String?, on connection: Connection) throws(PostgreSQLError) -> Timestamp {
        guard let text, let microseconds = Int64(text) else {
            throw PostgreSQLError(.other(sqlState: ""), server: connection.server, detail: "its clock shows no time")
        }
        return Timestamp(microseconds: microseconds)
    }
}
