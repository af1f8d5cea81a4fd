import KafkaWire

/// What the members of a group under the newer protocol subscribe to, and the topics that there are of it. What several
/// members want alike is known once, and what changes costs as much as it is: a member that comes with its own wishes, a
/// topic that is created.
struct GroupSubscriptions: Equatable {
    /// What a member wants: topics by name, and those that an expression matches.
    struct Wish: Hashable {
        var names: Set<String>
        var regex: String?
    }

    /// What is known of a subscribed topic.
    struct SubscribedTopic: Equatable {
        var id: TopicID
        var partitions: Int
    }

    private struct Use: Equatable {
        var wish: Wish
        var members: Int
    }

    private struct Expression: Equatable {
        let text: String
        let pattern: NamePattern
        var wishes = 0
        var matches: Set<String> = []
        /// The topics that there were when it first looked, how many of them it has looked at, and the state of the
        /// broker's topics at that time.
        private var names: [String] = []
        private var position = 0
        private var began: UInt64?
        /// The state of the broker's topics up to which it has looked at everything; nil before it has.
        private(set) var seen: UInt64?

        init(text: String, pattern: NamePattern) {
            self.text = text
            self.pattern = pattern
        }

        /// The next name to be looked at; nil where all have been.
        mutating func next(_ registry: TopicRegistry) -> String? {
            if let at = seen ?? began, !registry.knowsChanges(since: at) {
                seen = nil
                began = nil
            }
            if began == nil {
                names = registry.sorted.map(\.name) + matches.sorted()
                position = 0
                began = registry.changes
            }
            if position < names.count {
                position += 1
                return names[position - 1]
            }
            names = []
            position = 0
            let reached = seen ?? began ?? 0
            seen = reached
            guard let name = registry.name(ofChange: reached) else { return nil }
            seen = reached + 1
            return name
        }

        static func == (a: Self, b: Self) -> Bool { a.text == b.text && a.wishes == b.wishes && a.matches == b.matches }
    }

    /// How many steps of expressions a request takes at most; the next one goes on.
    static let matchingPart = 2_000_000

    private var uses: [Int: Use] = [:]
    private var numbers: [Wish: Int] = [:]
    private var lastNumber = 0
    /// In how many wishes a name stands, and how many expressions match it.
    private var named: [String: Int] = [:]
    private var matched: [String: Int] = [:]
    private var expressions: [String: Expression] = [:]
    /// The expressions that have not looked at all topics.
    private var behind: Set<String> = []
    /// Names that nobody wanted before the last look.
    private var fresh: [String] = []
    /// The state of the broker's topics at which the group last looked.
    private var seen: UInt64?
    /// The topics that there are of those that members subscribe to.
    private(set) var topics: [String: SubscribedTopic] = [:]
    private var topicNames: [TopicID: String] = [:]
    /// The name of one of the topics.
    func name(of topic: TopicID) -> String? { topicNames[topic] }
    /// How many partitions those have.
    private(set) var partitionCount = 0
    /// How much memory all this takes, roughly.
    private(set) var bytes = 0

    // MARK: - Wishes

    /// Notes that one member more wants that; gives the wish's number, and the wish as all have it who want the same.
    mutating func add(_ wish: Wish) -> (number: Int, wish: Wish) {
        if let number = numbers[wish] {
            uses[number]?.members += 1
            return (number, uses[number]?.wish ?? wish)
        }
        lastNumber += 1
        numbers[wish] = lastNumber
        uses[lastNumber] = Use(wish: wish, members: 1)
        bytes += Self.bytes(of: wish)
        for name in wish.names { countWish(name, 1) }
        if let regex = wish.regex, let pattern = try? NamePattern(regex) {
            if expressions[regex] == nil {
                expressions[regex] = Expression(text: regex, pattern: pattern)
                behind.insert(regex)
                bytes += regex.utf8.count + pattern.size * GroupLimits.entryOverhead
            }
            expressions[regex]?.wishes += 1
        }
        return (lastNumber, wish)
    }

    /// Notes that one member less wants that.
    mutating func remove(_ number: Int) {
        guard let use = uses[number] else { return }
        guard use.members <= 1 else {
            uses[number]?.members -= 1
            return
        }
        uses[number] = nil
        numbers[use.wish] = nil
        bytes -= Self.bytes(of: use.wish)
        for name in use.wish.names { countWish(name, -1) }
        guard let regex = use.wish.regex else { return }
        expressions[regex]?.wishes -= 1
        guard let expression = expressions[regex], expression.wishes == 0 else { return }
        expressions[regex] = nil
        behind.remove(regex)
        bytes -= regex.utf8.count + expression.pattern.size * GroupLimits.entryOverhead
        for name in expression.matches { countMatch(name, -1) }
    }

    static func bytes(of wish: Wish) -> Int {
        wish.names.reduce(GroupLimits.entryOverhead) { $0 + $1.utf8.count + GroupLimits.entryOverhead }
    }

    private mutating func countWish(_ name: String, _ change: Int) {
        let count = (named[name] ?? 0) + change
        named[name] = count > 0 ? count : nil
        noteWanted(name)
    }

    private mutating func countMatch(_ name: String, _ change: Int) {
        let count = (matched[name] ?? 0) + change
        matched[name] = count > 0 ? count : nil
        bytes += change * GroupLimits.entryOverhead
        noteWanted(name)
    }

    /// A name that somebody wants is looked at with the next look; one that nobody wants any more is no topic.
    private mutating func noteWanted(_ name: String) {
        if !isWanted(name) {
            set(nil, for: name)
        } else if topics[name] == nil {
            fresh.append(name)
        }
    }

    private var wanted: [String] { Array(named.keys) + Array(matched.keys) }
    private func isWanted(_ name: String) -> Bool { named[name] != nil || matched[name] != nil }

    /// Whether somebody subscribes to a topic of that name.
    func contains(_ name: String) -> Bool { isWanted(name) }

    /// Whether an expression is known, and has looked at topics.
    func knows(_ regex: String) -> Bool { expressions[regex]?.seen != nil }

    /// Whether somebody with that wish wants the topic.
    func wants(_ topic: TopicID, _ wish: Wish) -> Bool {
        guard let name = topicNames[topic] else { return false }
        return wish.names.contains(name) || wish.regex.map { expressions[$0]?.matches.contains(name) ?? false } ?? false
    }

    // MARK: - Topics

    private mutating func set(_ topic: SubscribedTopic?, for name: String) {
        if let old = topics[name] {
            partitionCount -= old.partitions
            topicNames[old.id] = nil
        }
        topics[name] = topic
        guard let topic else { return }
        partitionCount += topic.partitions
        topicNames[topic.id] = name
    }

    /// Looks at a name; says whether something of the topic is new.
    private mutating func update(_ name: String, _ registry: TopicRegistry) -> Bool {
        let found = isWanted(name) ? registry[name] : nil
        let topic = found.map { SubscribedTopic(id: $0.id, partitions: $0.partitions.count) }
        guard topic != topics[name] else { return false }
        set(topic, for: name)
        return true
    }

    /// Looks which topics there are, as far as that or the wishes have changed; says whether they did. `heldBack` is an
    /// expression that is not looked at yet, and what is found may take `room`. Expressions find what `mayFind` says.
    mutating func look(
        at registry: TopicRegistry, heldBack: String? = nil, room: Int = .max,
        mayFind: (String) -> Bool = { _ in true }
    ) -> Bool {
        var hasChanged = false
        if seen != registry.changes {
            let names = seen.flatMap { registry.namesChanged(since: $0).map { Array($0) } } ?? wanted
            for name in names where update(name, registry) { hasChanged = true }
            seen = registry.changes
            behind = Set(expressions.keys)
        }
        let names = fresh
        fresh = []
        for name in names where update(name, registry) { hasChanged = true }
        return match(registry, heldBack: heldBack, room: room, mayFind) || hasChanged
    }

    /// Goes on with the expressions that have not looked at all topics, as far as a part and the room reach.
    private mutating func match(
        _ registry: TopicRegistry, heldBack: String?, room: Int, _ mayFind: (String) -> Bool
    ) -> Bool {
        var hasChanged = false
        var work = 0
        let limit = room == .max ? .max : bytes + room
        for regex in behind.sorted() where regex != heldBack {
            guard var expression = expressions.removeValue(forKey: regex) else { continue }
            while work < Self.matchingPart, bytes < limit, let name = expression.next(registry) {
                let isMatch =
                    registry[name] != nil && expression.pattern.matches(name, counting: &work) && mayFind(name)
                guard isMatch != expression.matches.contains(name) else { continue }
                if isMatch { expression.matches.insert(name) } else { expression.matches.remove(name) }
                countMatch(name, isMatch ? 1 : -1)
                if update(name, registry) { hasChanged = true }
            }
            if expression.seen == registry.changes { behind.remove(regex) }
            expressions[regex] = expression
            if work >= Self.matchingPart { break }
        }
        fresh = []
        return hasChanged
    }

    // MARK: - For the assignor

    /// The topics that each wish names and each expression matches, and which of those sets a wish consists of.
    var pools: (sets: [Set<TopicID>], ofWish: [Int: [Int]]) {
        var places: [Set<TopicID>: Int] = [:]
        var sets: [Set<TopicID>] = []
        func place(_ names: Set<String>) -> Int? {
            let ids = Set(names.compactMap { topics[$0]?.id })
            guard !ids.isEmpty else { return nil }
            if let known = places[ids] { return known }
            places[ids] = sets.count
            sets.append(ids)
            return sets.count - 1
        }
        let matching = expressions.mapValues { place($0.matches) }
        var ofWish: [Int: [Int]] = [:]
        for (number, use) in uses {
            let parts = [place(use.wish.names), use.wish.regex.flatMap { matching[$0] ?? nil }].compactMap { $0 }
            ofWish[number] = parts.once().sorted()
        }
        return (sets, ofWish)
    }

    /// What does not hold though it always should.
    func objections(_ wishes: [Wish]) -> [String] {
        var found: [String] = []
        let different = Set(wishes)
        if Set(numbers.keys) != different || uses.values.reduce(0, { $0 + $1.members }) != wishes.count {
            found.append("wishes are counted that nobody has")
        }
        var names: [String: Int] = [:]
        for wish in different { for name in wish.names { names[name, default: 0] += 1 } }
        if names != named { found.append("names are counted wrongly") }
        var matches: [String: Int] = [:]
        for expression in expressions.values { for name in expression.matches { matches[name, default: 0] += 1 } }
        if matches != matched { found.append("matches are counted wrongly") }
        if topics.values.reduce(0, { $0 + $1.partitions }) != partitionCount || topicNames.count != topics.count {
            found.append("\(partitionCount) partitions are counted of \(topics.count) topics")
        }
        if topics.keys.contains(where: { !isWanted($0) }) { found.append("there is a topic that nobody wants") }
        return found
    }
}
