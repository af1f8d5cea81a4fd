import Foundation

/// A program of others, run with bytes on its input.
enum Program {
    /// What it prints; nil where it is not there or fails.
    static func run(_ name: String, _ arguments: [String], input: [UInt8]) -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        let (toProgram, fromProgram) = (Pipe(), Pipe())
        process.standardInput = toProgram
        process.standardOutput = fromProgram
        do { try process.run() } catch { return nil }
        try? toProgram.fileHandleForWriting.write(contentsOf: Data(input))
        try? toProgram.fileHandleForWriting.close()
        let text = fromProgram.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? String(decoding: text, as: UTF8.self) : nil
    }
}
