/// Values in words: what a number stands for where it is not just a number.
enum Meaning {
    /// What `value` means in that field of that structure; nil where there is nothing to say.
    static func of(_ field: String, in structure: String, _ value: Int64) -> String? {
        switch field {
        case "apiKey", "requestApiKey": Int16(exactly: value).flatMap { API.of(APIKey(rawValue: $0))?.name }
        case let name where name == "errorCode" || name.hasSuffix("ErrorCode"):
            Int16(exactly: value).map { ErrorCode(rawValue: $0).name }
        case "acks": [-1: "all in-sync replicas", 0: "no answer wanted", 1: "the leader alone"][value]
        case "isolationLevel": [0: "read_uncommitted", 1: "read_committed"][value]
        case "keyType": [0: "group", 1: "transaction", 2: "share group"][value]
        case "replicaId": value == -1 ? "a client" : nil
        case "timestamp" where structure.hasPrefix("ListOffsets"):
            [
                -1: "the latest offset", -2: "the earliest offset", -3: "the highest timestamp",
                -4: "the earliest local offset", -5: "the latest tiered offset",
            ][value] ?? instant(value)
        case "logAppendTimeMs", "timestamp", "issueTimestamp", "issueTimestampMs", "expiryTimestamp",
            "expiryTimestampMs",
            "maxTimestamp", "maxTimestampMs", "lastTimestamp", "lastFetchTimestamp", "lastCaughtUpTimestamp",
            "transactionStartTimeMs":
            instant(value)
        case "topicAuthorizedOperations", "clusterAuthorizedOperations", "authorizedOperations":
            value == -2_147_483_648 ? "not asked for" : "a bit per operation"
        case "type" where structure == "ControlRecordTypeSchema":
            [
                0: "ABORT", 1: "COMMIT", 2: "LEADER_CHANGE", 3: "SNAPSHOT_HEADER", 4: "SNAPSHOT_FOOTER",
                5: "KRAFT_VERSION", 6: "KRAFT_VOTERS",
            ][value]
        default: nil
        }
    }

    /// Milliseconds since 1970 as a date and a time in UTC; nil for -1 and for what no clock shows.
    static func instant(_ milliseconds: Int64) -> String? {
        guard milliseconds >= 0, milliseconds < 253_402_300_800_000 else { return nil }
        let (days, rest) = milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
        // Days to year, month and day, counted in eras of 400 years that begin on 1 March.
        let shifted = days + 719_468
        let (era, dayOfEra) = shifted.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func padded(_ number: Int64, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        let (hours, minutes, seconds) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60)
        return "\(date) \(padded(hours, 2)):\(padded(minutes, 2)):\(padded(seconds, 2)).\(padded(rest % 1000, 3)) UTC"
    }

    /// `text` between quotation marks, with what would disturb a terminal escaped.
    static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": out += "\\" + String(scalar)
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            default:
                out += isPrintable(scalar) ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return out + "\""
    }

    /// Bytes as text where they are printable, else their number: the digits stand in the row's bytes.
    static func preview(_ bytes: Bytes) -> String {
        guard bytes.count > 0 else { return "empty" }
        let text = bytes.withUnsafeBytes { String(validating: $0.bindMemory(to: UInt8.self), as: UTF8.self) }
        if let text, text.unicodeScalars.allSatisfy(isPrintable) { return quoted(text) }
        return bytes.count == 1 ? "1 byte" : "\(bytes.count) bytes"
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
