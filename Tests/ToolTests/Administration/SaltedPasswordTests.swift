import KafkaWire
import TestSupport
import Testing

@testable import KW

/// What is sent of a SCRAM password. The expected values are those of Python's hashlib.
@Suite(.turn) struct SaltedPasswordTests {
    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func salted(
        _ password: [UInt8], salt: [UInt8], _ iterations: Int, _ variant: ScramVariant
    ) throws -> [UInt8] {
        try ScramCredential.salted(
            password: Secret(password), salt: salt, iterations: iterations, variant: variant, preparation: .kafka
        ).copied()
    }

    @Test func saltedPasswords() throws {
        #expect(
            try Self.hex(Self.salted(Array("pencil".utf8), salt: (0..<32).map { $0 }, 4096, .sha256))
                == "36e42a278b8e5c391597435ceff634bcc0f24250f39aef9930d7354806ae6c55")
        #expect(
            try Self.hex(Self.salted(Array("password".utf8), salt: Array("salt".utf8), 1, .sha256))
                == "120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b")
        #expect(
            try Self.hex(Self.salted(Array("pencil".utf8), salt: (0..<32).map { $0 }, 4096, .sha512))
                == "4f01d7b544a4a5bb71e8c8273ed4b3e8da593df964d6951c993bbe4fc56ef7c9"
                + "9f6e5a0435f347539d24d6153c01f9127137a14bbd7c629fa4996fcfc349a367")
        #expect(
            try Self.hex(Self.salted(Array("password".utf8), salt: Array("salt".utf8), 1, .sha512))
                == "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252"
                + "c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce")
    }

    /// What is sent for a user: the salt is new each time, and the password goes nowhere.
    @Test func aUsersPasswordIsSalted() throws {
        let changes = try ConfigChanges(add: "SCRAM-SHA-256=[iterations=4096,password=pencil]", file: nil, delete: [])
        let arguments = ["--user", "alice"]
        let entities = try ConfigEntities(ConfigEntityOptions.parse(arguments), isAlter: true, arguments: arguments)
        let first = try QuotaChanges(changes, of: entities, random: SocketLoop.common().random).passwords
        let second = try QuotaChanges(changes, of: entities, random: SocketLoop.common().random).passwords
        guard case .set(.sha256, 4096, let salt, let salted)? = first.first,
            case .set(_, _, let other, _)? = second.first
        else {
            Issue.record("no password")
            return
        }
        #expect(salt.count == 32 && salt != other)
        #expect(
            try salted == Self.salted(Array("pencil".utf8), salt: salt, 4096, .sha256))
    }

    @Test(arguments: [
        "SCRAM-SHA-256=[iterations=100,password=x]", "SCRAM-SHA-512=[iterations=x,password=x]", "SCRAM-SHA-256=secret",
        "SCRAM-SHA-256=[iterations=99999,password=x]", "SCRAM-SHA-1=[password=x]",
    ]) func brokenPasswordsAreRefusedWithoutBeingShown(text: String) throws {
        let changes = try ConfigChanges(add: text, file: nil, delete: [])
        let arguments = ["--user", "alice"]
        let entities = try ConfigEntities(ConfigEntityOptions.parse(arguments), isAlter: true, arguments: arguments)
        let failure = #expect(throws: (any Error).self) {
            try QuotaChanges(changes, of: entities, random: SocketLoop.common().random)
        }
        #expect(failure.map { !"\($0)".contains("secret") } == true)
    }
}
