import Foundation
import TestSupport
import Testing

@testable import KafkaWire

/// What a secret shows: nothing.
@Suite(.turn) struct SecretValueTests {
    struct Holder {
        var user = "alice"
        var password: Secret = "correct horse"
    }

    @Test func nothingShowsIt() {
        let secret = Secret("correct horse")
        var dumped = ""
        dump(Holder(), to: &dumped)
        dump([secret], to: &dumped)
        let told = [
            "\(secret)", String(reflecting: secret), String(describing: Optional(secret)), "\(Holder())", dumped,
        ]
        for text in told {
            #expect(text.contains("<hidden>"), "\(text)")
            #expect(!text.contains("horse"), "\(text)")
            #expect(!text.contains("0x"), "\(text)")
        }
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    @Test(arguments: [("", ""), ("a", "a"), ("päss", "päss")]) func equals(one: String, other: String) {
        #expect(Secret(one) == Secret(other))
        #expect(Secret(Array(one.utf8)) == Secret(other))
    }

    @Test(arguments: [
        ("a", "b"), ("a", "ab"), ("ab", "a"), ("", "a"), ("abc", "abd"), ("xbc", "abc"), ("é", "e\u{301}"),
    ])
    func differs(one: String, other: String) { #expect(Secret(one) != Secret(other)) }

    @Test func bytesAreThose() {
        let secret: Secret = "abc"
        #expect(secret.withBytes { Array($0) } == [97, 98, 99])
        #expect(secret.copied() == [97, 98, 99])
        #expect(secret.text == "abc")
        #expect(secret.count == 3 && !secret.isEmpty && Secret("").isEmpty)
    }

    /// The memory that held it: freed memory may not be read, so what is looked at is what overwrites it.
    @Test func wipes() {
        var bytes: [UInt8] = Array("secret".utf8)
        bytes.withUnsafeMutableBytes { Secret.wipe($0) }
        #expect(bytes == [0, 0, 0, 0, 0, 0])
        Secret.wipe(UnsafeMutableRawBufferPointer(start: nil, count: 0))
    }

    @Test(
        arguments: [
            (UInt32(0o600), nil), (0o400, nil), (0o640, "its group may read"), (0o660, "its group may change"),
            (0o644, "everybody on this machine may read"), (0o666, "everybody on this machine may change"),
            (0o604, "everybody on this machine may read"), (0o100600, nil),
        ] as [(UInt32, String?)])
    func tellsWhoMayRead(mode: UInt32, expected: String?) {
        let remark = Secret.remark(path: "/p", mode: mode)
        if let expected {
            #expect(remark?.contains(expected) == true, "\(remark ?? "none")")
        } else {
            #expect(remark == nil)
        }
    }

    /// Who hands a file over has set who may read it: `chmod 600` would keep its reader out.
    @Test(
        arguments: [
            ("/p", UInt32(0o440), true, true), ("/p", 0o440, false, false), ("/p", 0o444, false, true),
            ("/run/secrets/login", 0o444, true, false), ("/run/secrets/login", 0o644, false, false),
            ("/run/secretsx", 0o644, true, true),
        ])
    func whatIsHandedOverIsNotTold(path: String, mode: UInt32, isOwn: Bool, isTold: Bool) {
        #expect((Secret.remark(path: path, mode: mode, isOwn: isOwn) != nil) == isTold)
    }

    @Test(arguments: [
        ("secret", "secret"), ("secret\n", "secret"), ("secret\r\n", "secret"), ("secret\n\n", "secret\n"), ("\n", ""),
        ("", ""), ("a\rb", "a\rb"), ("two\nlines", "two\nlines"), ("cr\r", "cr\r"),
    ])
    func readsAFile(content: String, expected: String) async throws {
        try await SASLFixture.withFolder { folder in
            let path = folder + "/secret"
            try Data(content.utf8).write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            let file = try Secret.file(path)
            #expect(file.secret == Secret(expected))
            #expect(file.remark == nil)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            #expect(try Secret.file(path).remark?.contains(path) == true)
        }
    }

    @Test func filesThatAreNone() async throws {
        try await SASLFixture.withFolder { folder in
            let gone = #expect(throws: SecretFileError.self) { try Secret.file(folder + "/gone") }
            #expect("\(try #require(gone))".contains("No such file"))
            let directory = #expect(throws: SecretFileError.self) { try Secret.file(folder) }
            #expect("\(try #require(directory))".contains("directory"))
            let path = folder + "/large"
            try Data(count: Secret.largestFile + 1).write(to: URL(fileURLWithPath: path))
            let large = #expect(throws: SecretFileError.self) { try Secret.file(path) }
            #expect("\(try #require(large))".contains("larger than 1 MiB"))
        }
    }
}
