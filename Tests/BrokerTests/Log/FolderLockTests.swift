import Foundation
import TestSupport
import Testing

@testable import KafkaBroker

/// What keeps a second broker out of a data directory.
@Suite(.turn) struct FolderLockTests {
    /// A process that this one starts has all descriptors for a moment: a broker that was stopped then has let go.
    @Test func aFolderIsFreeThoughAChildHasTheDescriptor() throws {
        let temporary = TemporaryFolder()
        let lock = try FolderLock(Folder(temporary.path))
        #expect(throws: StorageError.self) { try FolderLock(Folder(temporary.path)) }
        let inherited = dup(lock.descriptor)
        defer { close(inherited) }
        lock.release()
        _ = try FolderLock(Folder(temporary.path))
    }
}
