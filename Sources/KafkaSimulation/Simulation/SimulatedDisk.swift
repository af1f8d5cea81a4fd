import KafkaBroker
import KafkaWire

/// The disk of a simulated host. What was flushed outlives everything; what was written outlives the processes that wrote
/// it; what a loss of power leaves of that is drawn.
public final class SimulatedDisk: Sendable {
    /// What becomes of what was not flushed when the power goes.
    public enum Loss: Sendable, CaseIterable {
        /// It is gone.
        case all
        /// It is there all the same.
        case none
        /// Of each file some of it is there, in the order in which it was written, and the last of that in part.
        case torn
    }

    private let core: SimulationCore
    private let host: Int
    private let model = Locked(DiskModel())
    private let mounted = Locked<MountedDisk?>(nil)
    private let times = Locked(Times())

    private struct Times {
        var sync: Latency?
        var bandwidth: Int?
    }

    init(of host: Int, in core: SimulationCore) { (self.core, self.host) = (core, host) }

    /// The disk for the processes that are started now.
    package func mount() -> MountedDisk {
        let mount = MountedDisk(model) { [times, core, host] work in
            let times = times.withLock { $0 }
            core.with("a disk was written to") { state in
                var time = Duration.zero
                switch work {
                case .sync: if let latency = times.sync { time = latency.draw(&state.chances[host]) }
                case .write(let count):
                    if let bandwidth = times.bandwidth, bandwidth > 0 {
                        time = .nanoseconds(count &* 1_000_000_000 / bandwidth)
                    }
                }
                state.charge(time)
            }
        }
        mounted.withLock { $0 = mount }
        return mount
    }

    /// How long it takes to make something safe, and how many bytes a second are written; nil takes no time. Who waits for
    /// it does nothing else meanwhile.
    public func slowDown(sync: Latency?, bandwidth: Int? = nil) {
        times.withLock { $0 = Times(sync: sync, bandwidth: bandwidth) }
    }

    /// The processes that have it are gone, at whatever they were. What they wrote is there.
    public func endProcesses() {
        mounted.withLock { $0.take() }?.end()
        model.withLock { $0.closeAll() }
    }

    /// The power goes, and what was not flushed with it, or a part of that.
    public func losePower(_ loss: Loss) {
        mounted.withLock { $0.take() }?.end()
        core.with("a disk has lost its power") { state in
            model.withLock { model in
                let kind: DiskModel.Loss =
                    switch loss {
                    case .all: .all
                    case .none: .none
                    case .torn: .torn
                    }
                model.losePower(kind, &state.chances[host])
            }
        }
    }

    /// How many bytes it holds: with no more than it has, it is full.
    public func setCapacity(_ capacity: Int) { model.withLock { $0.capacity = max(0, capacity) } }

    /// How many bytes its files have.
    public var used: Int { model.withLock { $0.used } }

    /// How many of its files and folders are open.
    var openFiles: Int { model.withLock { $0.descriptors.count } }

    /// Every change is refused with the system's error of that number; nil is none.
    public func refuse(_ code: Int32?) { model.withLock { $0.refusal = code.map { max(1, $0) } } }
}
