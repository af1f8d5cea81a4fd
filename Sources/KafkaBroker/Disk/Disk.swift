/// A disk, as files and folders use it: the system's calls. They give what those give, and in place of an error the system's
/// number of it, negated. The second one is simulated, and loses what was not made safe.
package protocol Disk: Sendable {
    /// How many files may be open at once; nil where that is not known.
    var openLimit: Int? { get }
    /// Tells one run of the machine from another, between which what was not made safe may be lost; empty where that is
    /// not known.
    var start: String { get }
    /// Whether its descriptors are the system's own, from which a socket can send (sendfile(2)).
    var isSystem: Bool { get }

    /// Opens a file to read and to write, and makes it where it is missing; gives its descriptor.
    func openFile(_ path: String) -> Int32
    func openFolder(_ path: String) -> Int32
    /// Another descriptor of the same file: what stands there can be read as long as it is open.
    func duplicate(_ descriptor: Int32) -> Int32
    func close(_ descriptor: Int32)
    /// Keeps others out of what is open, until it is unlocked or closed; 0 where nobody else has it.
    func lock(_ descriptor: Int32) -> Int32
    func unlock(_ descriptor: Int32)

    /// Writes two runs of bytes behind each other; gives how many of them were written.
    func write(
        _ head: UnsafeRawBufferPointer, _ rest: UnsafeRawBufferPointer, to descriptor: Int32, at position: Int
    ) -> Int
    /// Gives how many bytes there were, 0 at the end.
    func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at position: Int) -> Int
    func size(of descriptor: Int32) -> Int
    func truncate(_ descriptor: Int32, to size: Int) -> Int32
    /// Makes what was written safe against a loss of power: the bytes of a file, the names in a folder.
    func sync(_ descriptor: Int32, isFolder: Bool) -> Int32

    /// What is there under that name, a link itself where it is not followed; nil where nothing is.
    func entry(_ path: String, followsLinks: Bool) -> DiskEntry?
    /// The names in a folder, in any order.
    func names(in path: String) -> Result<[String], DiskFailure>
    func makeFolder(_ path: String) -> Int32
    func rename(_ path: String, to other: String) -> Int32
    func removeFile(_ path: String) -> Int32
    func removeFolder(_ path: String) -> Int32
    /// How many bytes the disk holds, and how many of them are free; nil where the system does not tell.
    func space(at path: String) -> (total: Int, free: Int)?
}

/// What stands on a disk under some name.
package enum DiskEntry: Equatable, Sendable {
    case file(size: Int)
    case folder
    case other
}

/// The system's number of an error.
package struct DiskFailure: Error, Equatable, Sendable {
    package var code: Int32
    package init(_ code: Int32) { self.code = code }
}
