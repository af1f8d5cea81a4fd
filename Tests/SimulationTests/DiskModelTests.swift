import Foundation
import TestSupport
import Testing

@testable import KafkaSimulation
@testable import KafkaWire

/// The disk as a value: what is there after a loss of power.
@Suite(.turn) struct DiskModelTests {
    private static func write(_ text: String, _ disk: inout DiskModel, _ file: Int32, at position: Int = 0) -> Int {
        Array(text.utf8).withUnsafeBytes { disk.write([$0], to: file, at: position) }
    }

    private static func text(_ disk: inout DiskModel, _ path: String) -> String? {
        guard case (.file, let size)? = disk.entry(path) else { return nil }
        let file = disk.openFile(path)
        defer { disk.close(file) }
        var bytes = [UInt8](repeating: 0, count: size)
        _ = bytes.withUnsafeMutableBytes { disk.read(file, into: $0, at: 0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func sync(_ disk: inout DiskModel, folder: String) {
        let descriptor = disk.openFolder(folder)
        #expect(disk.sync(descriptor) == 0)
        disk.close(descriptor)
    }

    @Test func whatProcessesWroteOutlivesThem() {
        var disk = DiskModel()
        let file = disk.openFile("/a")
        #expect(Self.write("hello", &disk, file) == 5)
        disk.closeAll()
        #expect(Self.text(&disk, "/a") == "hello")
        #expect(Self.write("x", &disk, file) == Int(-EBADF))
    }

    /// What was flushed, what was written since, and what each loss leaves.
    @Test(arguments: [(DiskModel.Loss.all, "safe"), (.none, "safe and more")])
    func aLossOfPowerLeavesWhatWasFlushed(loss: DiskModel.Loss, left: String) {
        var disk = DiskModel()
        var random = RandomSource(seed: 1)
        let file = disk.openFile("/a")
        _ = Self.write("safe", &disk, file)
        #expect(disk.sync(file) == 0)
        _ = Self.write(" and more", &disk, file, at: 4)
        disk.losePower(loss, &random)
        #expect(Self.text(&disk, "/a") == left)
        #expect(disk.used == left.utf8.count)
        #expect(disk.starts == 2)
    }

    /// A torn file is what was flushed, and what was written since up to any byte.
    @Test func aTornFileIsAPrefix() {
        var ends: Set<String> = []
        for seed in 0..<300 as Range<UInt64> {
            var disk = DiskModel()
            var random = RandomSource(seed: seed)
            let file = disk.openFile("/a")
            _ = Self.write("safe", &disk, file)
            _ = disk.sync(file)
            _ = Self.write("12", &disk, file, at: 4)
            _ = Self.write("34", &disk, file, at: 6)
            disk.losePower(.torn, &random)
            ends.insert(Self.text(&disk, "/a") ?? "gone")
        }
        #expect(ends == ["safe", "safe1", "safe12", "safe123", "safe1234"])
    }

    @Test func aFileThatWasCutMayBeLongerAgain() {
        var ends: Set<String> = []
        for seed in 0..<100 as Range<UInt64> {
            var disk = DiskModel()
            var random = RandomSource(seed: seed)
            let file = disk.openFile("/a")
            _ = Self.write("abcdef", &disk, file)
            _ = disk.sync(file)
            #expect(disk.truncate(file, to: 3) == 0)
            disk.losePower(.torn, &random)
            ends.insert(Self.text(&disk, "/a") ?? "gone")
        }
        #expect(ends == ["abc", "abcdef"])
    }

    @Test func namesAreSafeWithTheirFolderOrTheirFile() {
        var disk = DiskModel()
        var random = RandomSource(seed: 1)
        #expect(disk.makeFolder("/logs") == 0)
        let (flushed, named) = (disk.openFile("/logs/flushed"), disk.openFile("/logs/named"))
        _ = Self.write("a", &disk, flushed)
        _ = Self.write("b", &disk, named)
        _ = disk.sync(flushed)
        var lost = disk
        lost.losePower(.all, &random)
        #expect(lost.names(in: "/logs") == .success(["flushed"]))
        Self.sync(&disk, folder: "/logs")
        disk.losePower(.all, &random)
        #expect(disk.names(in: "/logs") == .success(["flushed", "named"]))
        #expect(Self.text(&disk, "/logs/named") == "")
    }

    /// A small file that is written as a whole is the old one or the new one.
    @Test func aRenamedFileIsTheOldOneOrTheNewOne() {
        var seen: Set<String> = []
        for seed in 0..<100 as Range<UInt64> {
            var disk = DiskModel()
            var random = RandomSource(seed: seed)
            let old = disk.openFile("/a")
            _ = Self.write("old", &disk, old)
            _ = disk.sync(old)
            Self.sync(&disk, folder: "/")
            let new = disk.openFile("/a.tmp")
            _ = Self.write("new", &disk, new)
            _ = disk.sync(new)
            #expect(disk.rename("/a.tmp", to: "/a") == 0)
            disk.losePower(.torn, &random)
            seen.insert(Self.text(&disk, "/a") ?? "gone")
        }
        #expect(seen == ["old", "new"])
    }

    @Test func aRemovedFileIsReadByWhoHasItOpen() {
        var disk = DiskModel()
        let file = disk.openFile("/a")
        _ = Self.write("hello", &disk, file)
        #expect(disk.removeFile("/a") == 0)
        #expect(disk.size(of: file) == 5)
        #expect(disk.entry("/a") == nil)
        disk.close(file)
        #expect(disk.used == 0)
    }

    @Test func aFullDiskTakesWhatThereIsRoomFor() {
        var disk = DiskModel()
        disk.capacity = 4
        let file = disk.openFile("/a")
        #expect(Self.write("hello", &disk, file) == 4)
        #expect(Self.write("o", &disk, file, at: 4) == Int(-ENOSPC))
        // What is there can be written over, and cut.
        #expect(Self.write("HELL", &disk, file) == 4)
        #expect(disk.truncate(file, to: 2) == 0)
        #expect(Self.write("ip", &disk, file, at: 2) == 2)
        #expect(Self.text(&disk, "/a") == "HEip")
    }

    @Test func aLockIsHeldByOne() {
        var disk = DiskModel()
        let (one, other) = (disk.openFile("/.lock"), disk.openFile("/.lock"))
        #expect(disk.lock(one) == 0)
        #expect(disk.lock(other) == -EWOULDBLOCK)
        disk.close(one)
        #expect(disk.lock(other) == 0)
    }

    @Test func foldersHoldNames() {
        var disk = DiskModel()
        #expect(disk.makeFolder("/a/b") == -ENOENT)
        #expect(disk.makeFolder("/a") == 0)
        #expect(disk.makeFolder("/a") == -EEXIST)
        #expect(disk.makeFolder("/a/b") == 0)
        #expect(disk.removeFolder("/a") == -ENOTEMPTY)
        #expect(disk.openFile("/nowhere/file") == -ENOENT)
        _ = disk.openFile("/a/b/file")
        #expect(disk.rename("/a", to: "/c") == 0)
        #expect(disk.names(in: "/c") == .success(["b"]))
        #expect(disk.names(in: "/c/b") == .success(["file"]))
        #expect(disk.names(in: "/a") == .failure(.init(code: ENOENT)))
    }

    @Test func aDiskThatRefusesChangesIsReadAllTheSame() {
        var disk = DiskModel()
        let file = disk.openFile("/a")
        _ = Self.write("hello", &disk, file)
        disk.refusal = EIO
        #expect(Self.write("x", &disk, file) == Int(-EIO))
        #expect(disk.sync(file) == -EIO)
        #expect(Self.text(&disk, "/a") == "hello")
    }
}
