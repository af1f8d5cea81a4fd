import KafkaWire

// What is done to producers and members.

extension FaultPart {
    func performOnApplication(_ fault: ScenarioPlan.Fault) {
        switch fault {
        case .killMember(let number, let time):
            let name = "member-\(number)"
            members.kill(name)
            later(time) { [members] in members.start(number) }
        case .closeMember(let number, let time):
            // It may take its time for closing: nothing waits for it here.
            later(.zero) { [self] in
                await members.close("member-\(number)")
                try? await run.simulation.sleep(for: time)
                members.start(number)
            }
        case .slowMember(let number, let pause, let time): slow("member-\(number)", by: pause, for: time)
        case .cancelReading(let number): members.cancelReading("member-\(number)")
        case .killProducer(let number, let time):
            producers.kill("producer-\(number)")
            later(time) { [producers] in producers.start(number) }
        case .closeProducer(let number, let time):
            later(.zero) { [self] in
                await producers.close("producer-\(number)")
                try? await run.simulation.sleep(for: time)
                producers.start(number)
            }
        case .slowProducer(let number, let pause, let time): slow("producer-\(number)", by: pause, for: time)
        case .killClient(let name, let time):
            transactions.kill(name)
            later(time) { [transactions] in transactions.start(name) }
        case .closeClient(let name, let time):
            later(.zero) { [self] in
                await transactions.close(name)
                try? await run.simulation.sleep(for: time)
                transactions.start(name)
            }
        case .slowClient(let name, let pause, let time): slow(name, by: pause, for: time)
        case .impatience(let name, let patience, let time):
            run.moods.withLock { $0.patience[name] = patience }
            later(time) { [run] in run.moods.withLock { $0.patience[name] = nil } }
        default: break
        }
    }

    private func slow(_ name: String, by pause: Duration, for time: Duration) {
        run.moods.withLock { $0.slowness[name] = pause }
        later(time) { [run] in run.moods.withLock { $0.slowness[name] = nil } }
    }
}
