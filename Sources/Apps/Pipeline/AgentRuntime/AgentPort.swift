import KafkaWire
import Logging
import PageServing

/// What an agent answers on its port: `/metrics` for Prometheus, `/healthz` and `/readyz` for who runs it.
struct AgentPort: PageSource {
    let gauges: @Sendable () async -> AgentGauges

    var tls: TLSContext? { nil }

    func quickAnswer(to request: PageRequest) -> PageAnswer? {
        guard request.method == "GET" else { return .refusal(405, "This port only tells; ask with GET.") }
        guard ["metrics", "healthz", "readyz"].contains(request.path.first), request.path.count == 1 else {
            return .refusal(404, "There is nothing here; ask for /metrics, /healthz or /readyz.")
        }
        return nil
    }

    /// Each answer is the agent's own: one that hangs gives none.
    func answer(to request: PageRequest, from address: String) async -> (answer: PageAnswer, isDoubtful: Bool) {
        let gauges = await gauges()
        let answer =
            switch (request.path.first, gauges.readiness) {
            case ("metrics", _): PageAnswer(type: PrometheusText.contentType, body: gauges.text)
            case ("readyz", .not(let reason)): PageAnswer.refusal(503, reason)
            default: PageAnswer(type: "text/plain; charset=utf-8", body: "ok\n")
            }
        return (answer, false)
    }
}

/// Why the port could not be had, in words.
struct AgentPortFlaw: Error, CustomStringConvertible {
    let description: String
}
