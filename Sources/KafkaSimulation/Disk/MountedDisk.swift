import KafkaBroker
import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A simulated disk as the processes of one run have it: when they are killed, nothing of theirs reaches it any more.
package final class MountedDisk: Disk {
    private let model: Locked<DiskModel>
    private let isOver = Locked(false)
    /// Is told of what takes time: how many bytes were written, or that something is to be made safe.
    private let onWork: @Sendable (DiskWork) -> Void

    enum DiskWork {
        case write(Int)
        case sync
    }

    init(_ model: Locked<DiskModel>, _ onWork: @escaping @Sendable (DiskWork) -> Void = { _ in }) {
        self.model = model
        self.onWork = onWork
    }

    /// The processes are gone.
    func end() { isOver.withLock { $0 = true } }

    private func with<Number: SignedInteger>(_ body: (inout DiskModel) -> Number) -> Number {
        isOver.withLock { $0 } ? -Number(EIO) : model.withLock(body)
    }

    package var openLimit: Int? { nil }
    package var isSystem: Bool { false }
    package var start: String { model.withLock { "simulated-\($0.starts)" } }

    package func openFile(_ path: String) -> Int32 { with { $0.openFile(path) } }
    package func openFolder(_ path: String) -> Int32 { with { $0.openFolder(path) } }
    package func duplicate(_ descriptor: Int32) -> Int32 { with { $0.duplicate(descriptor) } }
    package func lock(_ descriptor: Int32) -> Int32 { with { $0.lock(descriptor) } }
    package func size(of descriptor: Int32) -> Int { with { $0.size(of: descriptor) } }
    package func truncate(_ descriptor: Int32, to size: Int) -> Int32 { with { $0.truncate(descriptor, to: size) } }
    package func makeFolder(_ path: String) -> Int32 { with { $0.makeFolder(path) } }
    package func rename(_ path: String, to other: String) -> Int32 { with { $0.rename(path, to: other) } }
    package func removeFile(_ path: String) -> Int32 { with { $0.removeFile(path) } }
    package func removeFolder(_ path: String) -> Int32 { with { $0.removeFolder(path) } }

    package func close(_ descriptor: Int32) {
        _ = with { model in
            model.close(descriptor)
            return 0
        }
    }

    package func unlock(_ descriptor: Int32) {
        _ = with { model in
            model.unlock(descriptor)
            return 0
        }
    }

    package func write(
        _ head: UnsafeRawBufferPointer, _ rest: UnsafeRawBufferPointer, to descriptor: Int32, at position: Int
    ) -> Int {
        onWork(.write(head.count + rest.count))
        return with { $0.write([head, rest], to: descriptor, at: position) }
    }

    package func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at position: Int) -> Int {
        with { $0.read(descriptor, into: buffer, at: position) }
    }

    package func sync(_ descriptor: Int32, isFolder: Bool) -> Int32 {
        onWork(.sync)
        return with { $0.sync(descriptor) }
    }

    package func entry(_ path: String, followsLinks: Bool) -> DiskEntry? {
        switch model.withLock({ $0.entry(path) }) {
        case (.file, let size)?: .file(size: size)
        case (.folder, _)?: .folder
        case nil: nil
        }
    }

    package func names(in path: String) -> Result<[String], DiskFailure> {
        model.withLock { $0.names(in: path) }.mapError { DiskFailure($0.code) }
    }

    package func space(at path: String) -> (total: Int, free: Int)? {
        model.withLock { ($0.capacity, max(0, $0.capacity - $0.used)) }
    }
}
