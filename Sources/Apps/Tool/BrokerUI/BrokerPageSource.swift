import KafkaWire
import PageServing

/// What the broker's page shows, and whom: everybody on this machine, or who comes through a door.
struct BrokerPageSource: PageSource {
    let pages: BrokerPages
    /// What is asked of those who come; nil where they are on this machine.
    var door: PageDoor?

    var tls: TLSContext? { door?.tls }

    func quickAnswer(to request: PageRequest) -> PageAnswer? {
        if door != nil { return request.login == nil ? PageDoor.Verdict.unknown.refusal : nil }
        guard case .answer(let answer) = BrokerPages.route(request) else { return nil }
        return answer
    }

    func answer(to request: PageRequest, from address: String) async -> (answer: PageAnswer, isDoubtful: Bool) {
        let verdict = await door?.verdict(on: request.login, from: address) ?? .welcome
        if let refusal = verdict.refusal { return (refusal, verdict == .wrong) }
        return (await pages.answer(request, hasDoor: door != nil), false)
    }
}
