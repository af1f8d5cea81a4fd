// Settings under Kafka's names, read into a configuration.

/// The value of a setting, with the readings that settings have. Each throws a sentence that says what is allowed.
struct SettingValue {
    let name: String
    /// Without white space at its ends.
    let text: String

    init(_ name: String, _ text: String) {
        self.name = name
        let start = text.drop { $0.isWhitespace }
        let last = start.lastIndex { !$0.isWhitespace }
        self.text = last.map { String(start[...$0]) } ?? ""
    }

    /// A refusal of this value.
    func refusal(_ sentence: String) -> KafkaError {
        KafkaError(.invalidConfiguration, sentence, setting: name)
    }

    /// What is wrong with the value, and what is right.
    private func mustBe(_ allowed: String) -> KafkaError {
        refusal("\(name) is \"\(text)\"; it must be \(allowed)")
    }

    /// A whole number in the range.
    func integer(_ range: ClosedRange<Int>) throws(KafkaError) -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw mustBe("a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A whole number of 32 bits, at least `least`.
    func integer(atLeast least: Int = 0) throws(KafkaError) -> Int { try integer(least...Int(Int32.max)) }

    /// A whole number of milliseconds.
    func milliseconds(atLeast least: Int = 0) throws(KafkaError) -> Duration {
        guard let number = Int64(text), number >= least else {
            throw mustBe("a whole number of milliseconds, at least \(least)")
        }
        return .milliseconds(number)
    }

    /// `true` or `false`, in any case.
    func flag() throws(KafkaError) -> Bool {
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        default: throw mustBe("true or false")
        }
    }

    /// One of the words, in any case.
    func choice<T>(_ words: KeyValuePairs<String, T>) throws(KafkaError) -> T {
        let wanted = text.lowercased()
        for (word, meaning) in words where word == wanted { return meaning }
        let all = words.map(\.key)
        throw mustBe(all.count == 1 ? all[0] : all.dropLast().joined(separator: ", ") + " or \(all[all.count - 1])")
    }

    /// The items of a list with commas between them.
    var items: [String] {
        text.split(separator: ",").map { SettingValue(name, String($0)).text }.filter { !$0.isEmpty }
    }
}

/// What settings do to a configuration, by their names.
struct SettingTable<Configuration>: Sendable {
    typealias Rule = @Sendable (inout Configuration, SettingValue) throws(KafkaError) -> Void

    private let rules: [String: Rule]

    init(_ rules: KeyValuePairs<String, Rule>) {
        self.rules = Dictionary(rules.map { ($0.key, $0.value) }) { first, _ in first }
    }

    private init(_ rules: [String: Rule]) { self.rules = rules }

    /// One rule for all these names.
    init(gathering names: [String], into rule: @escaping Rule) {
        rules = Dictionary(names.map { ($0, rule) }) { first, _ in first }
    }

    /// These and further ones.
    func with(_ further: KeyValuePairs<String, Rule>) -> SettingTable {
        SettingTable(rules.merging(further.map { ($0.key, $0.value) }) { first, _ in first })
    }

    var names: [String] { rules.keys.sorted() }

    /// Takes the settings that have a rule, and gives the others back.
    func apply(
        _ settings: [(name: String, value: String)], to configuration: inout Configuration
    ) throws(KafkaError) -> [(name: String, value: String)] {
        var changed = configuration
        var rest: [(name: String, value: String)] = []
        for setting in settings {
            guard let rule = rules[SettingName.kafkaName(of: setting.name)] else {
                rest.append(setting)
                continue
            }
            try rule(&changed, SettingValue(setting.name, setting.value))
        }
        configuration = changed
        return rest
    }
}

/// The settings of Kafka's own clients that none of the tables has a rule for.
enum OtherSettings {
    /// The names in `rest` that nobody knows, each once. Throws where one asks for what this client cannot do.
    static func unknown(_ rest: [(name: String, value: String)]) throws(KafkaError) -> [String] {
        var unknown: [String] = []
        for (name, text) in rest {
            let value = SettingValue(name, text)
            try refuse(value)
            if !isKnown(name), !unknown.contains(name) { unknown.append(name) }
        }
        return unknown
    }

    static func isKnown(_ name: String) -> Bool {
        withoutEffect.contains(name) || SettingName.named(name) != nil
    }

    /// What this client cannot do is said, not passed over: a program that asks for TLS must not send in the clear.
    private static func refuse(_ value: SettingValue) throws(KafkaError) {
        let name = value.name
        if name.hasPrefix("sasl.kerberos."), !value.text.isEmpty {
            throw value.refusal(
                "\(name) is set, and this client does not speak Kerberos (GSSAPI): use SCRAM or OAUTHBEARER")
        }
        guard !value.text.isEmpty, let sentence = refused[name] else { return }
        if value.text.lowercased() == "false" { return }
        throw value.refusal("\(name) is \(value.text), and \(sentence)")
    }

    /// What asks for too much unless it is empty or `false`.
    static let refused = [
        "bootstrap.controllers": "this client talks to brokers, not to controllers: set bootstrap.servers",
        "config.providers": "this client takes values as they stand: write them into the file",
        "interceptor.classes":
            "this client has interceptors in Swift: leave it out, and set interceptors of KafkaProducer.Configuration "
            + "(ProducerInterceptor) or of KafkaConsumer.Configuration (ConsumerInterceptor)",
        "transaction.two.phase.commit.enable": "this client has no two-phase commits: leave it out",
    ]

    /// What is to be said of settings that are passed over.
    static let remarks = [
        "sasl.oauthbearer.client.credentials.client.id": "the product KafkaOIDC takes it",
        "check.crcs": "checksums are always held against what was fetched",
    ]

    /// Settings of Kafka 4.3's clients that mean something to a JVM, or that this client has no use for.
    static let withoutEffect: Set<String> = [
        "bootstrap.controllers", "check.crcs",
        "config.providers", "enable.metrics.push",
        "interceptor.classes",
        "internal.throw.on.fetch.stable.offset.unsupported", "key.deserializer", "key.serializer",
        "metric.reporters", "metrics.num.samples", "metrics.recording.level", "metrics.sample.window.ms",
        "sasl.client.callback.handler.class", "sasl.login.class", "sasl.login.callback.handler.class",
        "sasl.login.connect.timeout.ms", "sasl.login.read.timeout.ms", "sasl.login.retry.backoff.ms",
        "sasl.login.retry.backoff.max.ms",
        // Over HTTP: the product KafkaOIDC reads them.
        "sasl.oauthbearer.client.credentials.client.id", "sasl.oauthbearer.client.credentials.client.secret",
        "sasl.oauthbearer.scope", "sasl.oauthbearer.jwt.retriever.class",
        "security.providers", "share.acknowledgement.mode", "share.acquire.mode",
        "ssl.engine.factory.class", "ssl.keymanager.algorithm", "ssl.provider", "ssl.secure.random.implementation",
        "ssl.trustmanager.algorithm",
        "transaction.two.phase.commit.enable", "value.deserializer", "value.serializer",
    ]
}
