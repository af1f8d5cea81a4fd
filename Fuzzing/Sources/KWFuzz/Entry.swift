// What libFuzzer calls. The target is the one that the environment names: libFuzzer starts itself again to minimise a
// finding, with arguments of its own. With KWFUZZ_SEEDS, a folder, the program writes the target's seeds there and ends.
import CAllocations
import FuzzChecks
import Glibc
import KafkaWire

@_cdecl("LLVMFuzzerInitialize")
func initialize(_: UnsafeMutableRawPointer?, _: UnsafeMutableRawPointer?) -> CInt {
    target = environment("KWFUZZ_TARGET").flatMap(FuzzTarget.init(rawValue:))
    guard let target else {
        print("KWFUZZ_TARGET has to name one of: " + FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))
        exit(64)
    }
    guard let folder = environment("KWFUZZ_SEEDS"), let fixtures = environment("KWFUZZ_FIXTURES") else { return 0 }
    do {
        try Corpus(target, fixtures: fixtures).write(to: folder)
        print(target.longestInput)
        exit(0)
    } catch {
        print("no seeds for \(target.rawValue): \(error)")
        exit(66)
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: CLong) -> CInt {
    let input = Bytes(Array(UnsafeBufferPointer(start: start, count: count)))
    do {
        try target?.check(input, allocated: { kw_allocated() })
        return 0
    } catch {
        print("\nFINDING: \(error)")
        fflush(nil)
        abort()
    }
}

nonisolated(unsafe) private var target: FuzzTarget?

private func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
