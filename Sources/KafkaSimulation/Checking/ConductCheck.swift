/// Holds how parties behave against what they promise: calls that end, troubles that are told, nothing that is left.
struct ConductCheck {
    private let history: History

    init(_ history: History) { self.history = history }

    func objections(_ promises: History.Promises) -> [Objection] {
        callsEnd(promises) + troublesAreTold(promises) + nothingIsLeft()
    }

    private var end: Duration { history.events.last?.time ?? .zero }

    private func callsEnd(_ promises: History.Promises) -> [Objection] {
        struct Call {
            var who: String
            var name: String
            var deadline: Duration
        }
        var open: [Int: Call] = [:]
        var found: [Objection] = []
        func late(_ call: Call, _ time: Duration) -> Objection? {
            guard time > call.deadline + promises.grace else { return nil }
            return Objection(
                .callsEnd, "\(call.name) of \(call.who) was to end by \(History.text(call.deadline)) s", at: time)
        }
        for event in history.events {
            switch event.what {
            case .called(let number, let name, let limit):
                open[number] = Call(who: event.who, name: name, deadline: event.time + limit)
            case .returned(let number):
                guard let call = open.removeValue(forKey: number) else { continue }
                if let objection = late(call, event.time) { found.append(objection) }
            // What was killed returns to nobody.
            case .killed: open = open.filter { $0.value.who != event.who }
            default: break
            }
        }
        return found + open.sorted { $0.key < $1.key }.compactMap { late($0.value, end) }
    }

    private func troublesAreTold(_ promises: History.Promises) -> [Objection] {
        var since: [String: Duration] = [:]
        var told: [String: Duration] = [:]
        var found: [Objection] = []
        func end(of who: String, at time: Duration) {
            guard let began = since.removeValue(forKey: who), time - began > promises.tellsWithin else { return }
            guard told[who].map({ $0 < began || $0 > time }) ?? true else { return }
            found.append(
                Objection(
                    .troublesAreTold,
                    "\(who) was cut off for \(History.text(time - began)) s and has heard nothing of it", at: time))
        }
        for event in history.events {
            switch event.what {
            case .cutOff: if since[event.who] == nil { since[event.who] = event.time }
            case .told: told[event.who] = event.time
            case .reachable: end(of: event.who, at: event.time)
            case .killed, .closed: since[event.who] = nil
            default: break
            }
        }
        for who in since.keys.sorted() { end(of: who, at: self.end) }
        return found
    }

    private func nothingIsLeft() -> [Objection] {
        history.events.compactMap { event in
            let text: String
            switch event.what {
            case .closed(let sockets) where sockets > 0: text = "\(sockets) sockets open"
            case .left(let what): text = what
            default: return nil
            }
            return Objection(.nothingIsLeft, "\(event.who) has closed, and left \(text)", at: event.time)
        }
    }
}
