import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A disk as a value: files by their names, what of them is safe, and what a loss of power leaves of the rest. It does what
/// Linux does with a file system that keeps its own order (ext4): names are safe when their folder was flushed, bytes when
/// their file was; a file that was flushed keeps its name.
struct DiskModel {
    /// The system's number of an error.
    struct Errno: Error, Equatable {
        var code: Int32
    }

    /// What stands under a name.
    enum Entry: Equatable {
        case file(Int)
        case folder
    }

    /// What becomes of bytes that were not made safe when the power goes.
    enum Loss: CaseIterable, Equatable {
        /// They are gone.
        case all
        /// They are there all the same.
        case none
        /// Of each file some of its changes are there, the last of them in part.
        case torn
    }

    private(set) var names: [String: Entry] = ["/": .folder]
    /// The names that a loss of power leaves.
    private var safeNames: [String: Entry] = ["/": .folder]
    private(set) var files: [Int: DiskFile] = [:]
    private var lastFile = 0
    private var opened: [Int32: String?] = [:]
    private var open: [Int32: Int] = [:]
    private var lastDescriptor: Int32 = 2
    private var locks: [Int: Int32] = [:]
    /// How many bytes it holds.
    var capacity = 1 << 40
    /// How many bytes its files have together.
    private(set) var used = 0
    /// With which error's number each call is refused that would change it; nil is none.
    var refusal: Int32?
    /// How often its machine was started.
    private(set) var starts = 1

    init() {}

    // MARK: - Names

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    func entry(_ path: String) -> (entry: Entry, size: Int)? {
        guard let entry = names[path] else { return nil }
        guard case .file(let number) = entry else { return (entry, 0) }
        return (entry, files[number]?.bytes.count ?? 0)
    }

    func names(in path: String) -> Result<[String], Errno> {
        guard let entry = names[path] else { return .failure(Errno(code: ENOENT)) }
        guard entry == .folder else { return .failure(Errno(code: ENOTDIR)) }
        return .success(
            names.keys.filter { $0 != "/" && Self.folder(of: $0) == path }
                .map { String($0.dropFirst(path == "/" ? 1 : path.count + 1)) }.sorted())
    }

    mutating func makeFolder(_ path: String) -> Int32 {
        if let refusal { return -refusal }
        if names[path] != nil { return -EEXIST }
        guard names[Self.folder(of: path)] == .folder else { return -ENOENT }
        names[path] = .folder
        return 0
    }

    mutating func rename(_ path: String, to other: String) -> Int32 {
        if let refusal { return -refusal }
        guard let entry = names.removeValue(forKey: path) else { return -ENOENT }
        if case .file(let number)? = names[other] { forget(number) }
        names[other] = entry
        if entry == .folder {
            for (name, inner) in names where name.hasPrefix(path + "/") {
                names[name] = nil
                names[other + name.dropFirst(path.count)] = inner
            }
        }
        return 0
    }

    mutating func removeFile(_ path: String) -> Int32 {
        if let refusal { return -refusal }
        guard let entry = names[path] else { return -ENOENT }
        guard case .file(let number) = entry else { return -EISDIR }
        names[path] = nil
        forget(number)
        return 0
    }

    mutating func removeFolder(_ path: String) -> Int32 {
        if let refusal { return -refusal }
        guard names[path] == .folder else { return -ENOENT }
        guard case .success([]) = names(in: path) else { return -ENOTEMPTY }
        names[path] = nil
        return 0
    }

    /// A file has lost its name. Its bytes stay while somebody has it open, or a loss of power may give it its name back.
    private mutating func forget(_ number: Int) {
        let isNamed = names.values.contains(.file(number)) || safeNames.values.contains(.file(number))
        guard !isNamed, !open.values.contains(number), let file = files.removeValue(forKey: number) else { return }
        used -= file.bytes.count
    }

    // MARK: - Descriptors

    mutating func openFile(_ path: String) -> Int32 {
        switch names[path] {
        case .folder?: return -EISDIR
        case .file(let number)?: return descriptor(of: number)
        case nil:
            if let refusal { return -refusal }
            guard names[Self.folder(of: path)] == .folder else { return -ENOENT }
            lastFile += 1
            names[path] = .file(lastFile)
            files[lastFile] = DiskFile()
            return descriptor(of: lastFile)
        }
    }

    mutating func openFolder(_ path: String) -> Int32 {
        guard names[path] == .folder else { return names[path] == nil ? -ENOENT : -ENOTDIR }
        lastDescriptor += 1
        opened[lastDescriptor] = path
        return lastDescriptor
    }

    private mutating func descriptor(of number: Int) -> Int32 {
        lastDescriptor += 1
        open[lastDescriptor] = number
        return lastDescriptor
    }

    mutating func duplicate(_ descriptor: Int32) -> Int32 {
        guard let number = open[descriptor] else { return -EBADF }
        return self.descriptor(of: number)
    }

    mutating func close(_ descriptor: Int32) {
        unlock(descriptor)
        opened[descriptor] = nil
        if let number = open.removeValue(forKey: descriptor) { forget(number) }
    }

    mutating func lock(_ descriptor: Int32) -> Int32 {
        guard let number = open[descriptor] else { return -EBADF }
        if let holder = locks[number], holder != descriptor { return -EWOULDBLOCK }
        locks[number] = descriptor
        return 0
    }

    mutating func unlock(_ descriptor: Int32) {
        if let number = open[descriptor], locks[number] == descriptor { locks[number] = nil }
    }

    // MARK: - Bytes

    func size(of descriptor: Int32) -> Int {
        open[descriptor].flatMap { files[$0]?.bytes.count } ?? Int(-EBADF)
    }

    func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at position: Int) -> Int {
        guard let number = open[descriptor], let file = files[number] else { return Int(-EBADF) }
        guard position < file.bytes.count else { return 0 }
        let count = min(buffer.count, file.bytes.count - position)
        buffer.copyBytes(from: file.bytes[position..<position + count])
        return count
    }

    mutating func write(_ bytes: [UnsafeRawBufferPointer], to descriptor: Int32, at position: Int) -> Int {
        guard let number = open[descriptor], files[number] != nil else { return Int(-EBADF) }
        if let refusal { return Int(-refusal) }
        let wanted = bytes.reduce(0) { $0 + $1.count }
        let size = size(of: descriptor)
        let room = max(0, capacity - used) + max(0, size - position)
        let count = min(wanted, room)
        guard count > 0 || wanted == 0 else { return Int(-ENOSPC) }
        files[number]?.write(bytes, at: position..<position + count)
        used += max(0, position + count - size)
        return count
    }

    mutating func truncate(_ descriptor: Int32, to size: Int) -> Int32 {
        guard let number = open[descriptor], let count = files[number]?.bytes.count else { return -EBADF }
        if let refusal { return -refusal }
        guard size < count else { return 0 }
        used -= count - size
        files[number]?.cut(to: size)
        return 0
    }

    /// Makes a file's bytes safe, or the names in a folder.
    mutating func sync(_ descriptor: Int32) -> Int32 {
        if let refusal { return -refusal }
        if let path = opened[descriptor] ?? nil {
            let inside = { (name: String) in name != "/" && Self.folder(of: name) == path }
            for name in safeNames.keys where inside(name) && names[name] == nil { safeNames[name] = nil }
            for (name, entry) in names where inside(name) || name == path { safeNames[name] = entry }
            return 0
        }
        guard let number = open[descriptor], files[number] != nil else { return -EBADF }
        files[number]?.flush()
        // A file that was flushed is found again.
        for (name, entry) in names where entry == .file(number) { makeSafe(name, entry) }
        return 0
    }

    private mutating func makeSafe(_ name: String, _ entry: Entry) {
        safeNames[name] = entry
        var folder = Self.folder(of: name)
        while folder != "/" {
            safeNames[folder] = .folder
            folder = Self.folder(of: folder)
        }
    }

    // MARK: - Losses

    var descriptors: [Int32] { (Array(open.keys) + Array(opened.keys)).sorted() }

    /// The machine is started anew.
    mutating func restart() { starts += 1 }

    /// What stands there is safe.
    mutating func keepAll() {
        safeNames = names
        for number in files.keys.sorted() {
            files[number]?.flush()
        }
    }

    mutating func put(_ bytes: [UInt8], as number: Int) {
        used += bytes.count - (files[number]?.bytes.count ?? 0)
        files[number] = DiskFile(bytes)
    }

    /// Names that were made safe are there, and others, or their absence, where `keeps` says so of them.
    mutating func keepNames(_ keeps: () -> Bool) {
        for name in Set(names.keys).union(safeNames.keys).sorted() where names[name] != safeNames[name] {
            guard !keeps() else { continue }
            names[name] = safeNames[name]
        }
        // What is in a folder that is not there is not there either.
        for name in names.keys.sorted() where name != "/" && names[Self.folder(of: name)] == nil { names[name] = nil }
        safeNames = names
        for number in files.keys.sorted() { forget(number) }
    }
}
