import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The built `kw`, run as a user runs it.
enum Program {
    struct Outcome {
        var status: Int32
        var output: String
        var error: String
    }

    /// The folder of the build's products: the test bundle lies in it.
    static var folder: String? {
        var path = [UInt8](repeating: 0, count: 4096)
        #if os(Linux)
            let count = readlink("/proc/self/exe", &path, path.count)
            guard count > 0 else { return nil }
            let text = String(decoding: path[..<count], as: UTF8.self)
        #else
            let text = CommandLine.arguments[0]
        #endif
        var parts = text.split(separator: "/", omittingEmptySubsequences: false)
        while let last = parts.last, !last.isEmpty {
            parts.removeLast()
            let candidate = parts.joined(separator: "/")
            if access(candidate + "/kw", X_OK) == 0 { return candidate }
        }
        return nil
    }

    /// The program itself; nil where it is not built.
    static var path: String? { folder.map { $0 + "/kw" } }

    /// Runs `kw` with arguments and, as standard input, a file, by default an empty one.
    static func kw(_ arguments: [String], input: String = "/dev/null") throws -> Outcome {
        let run = try start(arguments, input: input)
        return try run.wait()
    }

    /// Starts `kw` without waiting for its end; ``Run/wait()`` must follow.
    static func start(_ arguments: [String], input: String = "/dev/null") throws -> Run {
        let program = try #require(folder, "kw is not built; swift build --product kw") + "/kw"
        let output = try Capture()
        let error = try Capture()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output.path, O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, error.path, O_WRONLY, 0)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        keepDescriptors()
        var id: pid_t = 0
        try #require(posix_spawn(&id, program, &actions, nil, &words, environ) == 0)
        return Run(id: id, output: output, error: error)
    }

    /// A program that a test starts gets no descriptors of the tests beside it: a limit of its own would be used up.
    private static func keepDescriptors() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
            if let descriptor = Int32(name), descriptor > 2 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        }
    }

    /// A `kw` that runs.
    struct Run {
        let id: pid_t
        let output: Capture
        let error: Capture

        /// Waits for the end, and removes the files.
        func wait() throws -> Outcome {
            defer {
                output.remove()
                error.remove()
            }
            var status: Int32 = 0
            while waitpid(id, &status, 0) < 0 && errno == EINTR {}
            // The lower seven bits are the signal that ended the process, the next eight its exit status.
            let code = status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F)
            return Outcome(status: code, output: try output.text(), error: try error.text())
        }
    }

    /// A file of its own with `bytes`; the caller removes it.
    static func file(_ bytes: [UInt8]) throws -> Capture {
        let capture = try Capture()
        let descriptor = open(capture.path, O_WRONLY)
        try #require(descriptor >= 0)
        #expect(write(descriptor, bytes, bytes.count) == bytes.count)
        close(descriptor)
        return capture
    }

    /// A temporary file.
    struct Capture {
        let path: String

        init() throws {
            var template = Array("/tmp/kw-test-XXXXXX".utf8CString)
            let descriptor = mkstemp(&template)
            try #require(descriptor >= 0)
            close(descriptor)
            path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }

        func remove() { unlink(path) }

        func text() throws -> String {
            let descriptor = open(path, O_RDONLY)
            try #require(descriptor >= 0)
            defer { close(descriptor) }
            var all: [UInt8] = []
            var part = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = read(descriptor, &part, part.count)
                guard count > 0 else { return String(decoding: all, as: UTF8.self) }
                all += part[..<count]
            }
        }
    }
}
