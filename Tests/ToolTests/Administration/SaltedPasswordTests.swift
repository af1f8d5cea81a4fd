import KafkaWire
import Testing

@testable import KW

/// The hash functions behind SCRAM's passwords. The expected values are those of Python's hashlib and hmac.
@Suite struct SaltedPasswordTests {
    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test func hashes() {
        #expect(
            Self.hex(SHA256.hash([UInt8](repeating: 97, count: 0)))
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            Self.hex(SHA256.hash(Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            Self.hex(SHA256.hash([UInt8](repeating: 97, count: 55)))
                == "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318")
        #expect(
            Self.hex(SHA256.hash([UInt8](repeating: 97, count: 119)))
                == "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb")
        #expect(
            Self.hex(SHA256.hash([UInt8](repeating: 97, count: 200)))
                == "c2a908d98f5df987ade41b5fce213067efbcc21ef2240212a41e54b5e7c28ae5")
        #expect(
            Self.hex(SHA512.hash([UInt8](repeating: 97, count: 0)))
                == "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                + "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e")
        #expect(
            Self.hex(SHA512.hash(Array("abc".utf8)))
                == "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")
        #expect(
            Self.hex(SHA512.hash([UInt8](repeating: 97, count: 55)))
                == "b0220c772cbf6c1822e2cb38a437d0e1d58772417a4bbb21c961364f8b6143e0"
                + "5aa6316dca8d1d7b19e16448419076395f6086cb55101fbd6d5497b148e1745f")
        #expect(
            Self.hex(SHA512.hash([UInt8](repeating: 97, count: 119)))
                == "130396a75cb483f2eee8c56d8a668bb3d2641f5243212c0bee2bd33da096ad9e"
                + "b8179fe18f9eaacf76e09fae9de4c3f14ba13341e345be05bf76c182cc3468cb")
        #expect(
            Self.hex(SHA512.hash([UInt8](repeating: 97, count: 200)))
                == "4b11459c33f52a22ee8236782714c150a3b2c60994e9acee17fe68947a3e6789"
                + "f31e7668394592da7bef827cddca88c4e6f86e4df7ed1ae6cba71f3e98faee9f")
    }

    @Test func keyedHashes() {
        #expect(
            Self.hex(HMAC<SHA256>(key: Array("Jefe".utf8)).code(Array("what do ya want for nothing?".utf8)))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            Self.hex(
                HMAC<SHA256>(key: [UInt8](repeating: 0xAA, count: 131)).code(
                    Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
        #expect(
            Self.hex(HMAC<SHA512>(key: Array("Jefe".utf8)).code(Array("what do ya want for nothing?".utf8)))
                == "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                + "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737")
        #expect(
            Self.hex(
                HMAC<SHA512>(key: [UInt8](repeating: 0xAA, count: 131)).code(
                    Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)))
                == "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
                + "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598")
    }

    @Test func saltedPasswords() {
        #expect(
            Self.hex(SaltedPassword<SHA256>.make(Array("pencil".utf8), salt: (0..<32).map { $0 }, iterations: 4096))
                == "36e42a278b8e5c391597435ceff634bcc0f24250f39aef9930d7354806ae6c55")
        #expect(
            Self.hex(SaltedPassword<SHA256>.make(Array("password".utf8), salt: Array("salt".utf8), iterations: 1))
                == "120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b")
        #expect(
            Self.hex(SaltedPassword<SHA512>.make(Array("pencil".utf8), salt: (0..<32).map { $0 }, iterations: 4096))
                == "4f01d7b544a4a5bb71e8c8273ed4b3e8da593df964d6951c993bbe4fc56ef7c9"
                + "9f6e5a0435f347539d24d6153c01f9127137a14bbd7c629fa4996fcfc349a367")
        #expect(
            Self.hex(SaltedPassword<SHA512>.make(Array("password".utf8), salt: Array("salt".utf8), iterations: 1))
                == "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252"
                + "c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce")
    }

    /// What is sent for a user: the salt is new each time, and the password goes nowhere.
    @Test func aUsersPasswordIsSalted() throws {
        let changes = try ConfigChanges(add: "SCRAM-SHA-256=[iterations=4096,password=pencil]", file: nil, delete: [])
        let arguments = ["--user", "alice"]
        let entities = try ConfigEntities(ConfigEntityOptions.parse(arguments), isAlter: true, arguments: arguments)
        let first = try QuotaChanges(changes, of: entities).passwords
        let second = try QuotaChanges(changes, of: entities).passwords
        guard case .set(.sha256, 4096, let salt, let salted)? = first.first,
            case .set(_, _, let other, _)? = second.first
        else {
            Issue.record("no password")
            return
        }
        #expect(salt.count == 32 && salt != other)
        #expect(
            salted == SaltedPassword<SHA256>.make(Array("pencil".utf8), salt: salt, iterations: 4096))
    }

    @Test(arguments: [
        "SCRAM-SHA-256=[iterations=100,password=x]", "SCRAM-SHA-512=[iterations=x,password=x]", "SCRAM-SHA-256=secret",
        "SCRAM-SHA-256=[iterations=99999,password=x]", "SCRAM-SHA-1=[password=x]",
    ]) func brokenPasswordsAreRefusedWithoutBeingShown(text: String) throws {
        let changes = try ConfigChanges(add: text, file: nil, delete: [])
        let arguments = ["--user", "alice"]
        let entities = try ConfigEntities(ConfigEntityOptions.parse(arguments), isAlter: true, arguments: arguments)
        let failure = #expect(throws: (any Error).self) { try QuotaChanges(changes, of: entities) }
        #expect(failure.map { !"\($0)".contains("secret") } == true)
    }
}
