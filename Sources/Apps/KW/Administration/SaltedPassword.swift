/// What a broker keeps of a password with SCRAM (RFC 5802, section 2.2): `Hi`, which is PBKDF2 with HMAC (RFC 8018).
enum SaltedPassword<Hash: HashFunction> {
    static func make(_ password: [UInt8], salt: [UInt8], iterations: Int) -> [UInt8] {
        let key = HMAC<Hash>(key: password)
        var last = key.code(salt + [0, 0, 0, 1])
        var result = last
        for _ in 1..<max(iterations, 1) {
            last = key.code(last)
            for index in result.indices { result[index] ^= last[index] }
        }
        return result
    }
}

/// A keyed hash (RFC 2104). Both keys are hashed once, whatever number of messages follows.
struct HMAC<Hash: HashFunction> {
    private var inner = Hash()
    private var outer = Hash()

    init(key: [UInt8]) {
        var key = key.count > Hash.blockSize ? Hash.hash(key) : key
        key += [UInt8](repeating: 0, count: Hash.blockSize - key.count)
        inner.block(key.map { $0 ^ 0x36 }, at: 0)
        outer.block(key.map { $0 ^ 0x5C }, at: 0)
    }

    func code(_ message: [UInt8]) -> [UInt8] {
        var inner = inner
        var outer = outer
        return outer.finish(inner.finish(message, before: Hash.blockSize), before: Hash.blockSize)
    }
}
