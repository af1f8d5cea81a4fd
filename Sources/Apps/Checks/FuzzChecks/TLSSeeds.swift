import KafkaWire

extension TLSCheck {
    /// What strangers say, damage at places of every part of a handshake, and files.
    static let seeds: [Bytes] = {
        func seed(_ kind: Kind, _ bytes: [UInt8]) -> Bytes { Bytes([kind.rawValue] + bytes) }
        let hellos = [hello(isNew: true), hello(isNew: false)]
        var strangers: [[UInt8]] = hellos
        strangers += [
            Array("GET / HTTP/1.1\r\n\r\n".utf8), [0, 0, 0, 10, 0, 18, 0, 3, 0, 0, 0, 1, 0, 0],
            [0x80, 0x2E, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10], [21, 3, 3, 0, 2, 2, 40], [22, 3, 1, 0x40, 0],
            join(hellos[0], [20, 3, 3, 0, 1, 1, 21, 3, 3, 0, 2, 1, 0]), join(hellos[1], hellos[1]),
        ]
        let answers: [[UInt8]] = [
            answer(isNew: true), answer(isNew: false), [21, 3, 3, 0, 2, 2, 70], Array("HTTP/1.1 400 Bad\r\n".utf8),
            join(answer(isNew: true), [20, 3, 3, 0, 1, 1]),
        ]
        var seeds = strangers.flatMap { bytes in [0, 2, 255].map { seed(.server, join([$0], bytes)) } }
        seeds += answers.flatMap { bytes in [0, 1, 254, 255].map { seed(.client, join([$0], bytes)) } }
        for options in 0..<4 as Range<UInt8> {
            seeds.append(seed(.damaged, [options, 255]))
            seeds.append(seed(.damaged, [options, 0]))
            for place in [3, 5, 40, 200, 700, 900, 1200, 1500, 2000, 3000] {
                for side in [0, 0x80] as [UInt8] {
                    let triple = [side | UInt8(place >> 8), UInt8(place & 255)]
                    seeds.append(seed(.damaged, join([options, 255], triple, [1])))
                    seeds.append(seed(.damaged, join([options, 17], triple, [0])))
                }
            }
        }
        guard let material else { return seeds }
        let texts = [
            material.authority.certificate, material.leaf.certificate + material.authority.certificate,
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "\u{FE}",
        ]
        seeds += texts.map { seed(.certificates, Array($0.utf8)) }
        seeds += [seed(.key, material.leaf.key.copied()), seed(.key, Array("-----BEGIN EC PRIVATE KEY-----\n".utf8))]
        seeds += [seed(.store, material.leaf.pkcs12 ?? []), seed(.store, [0x30, 0x80, 2, 1, 3])]
        return seeds
    }()

    static let dictionary = [
        "-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n", "-----BEGIN PRIVATE KEY-----\n",
        "\u{16}\u{3}\u{3}",
        "\u{15}\u{3}\u{3}\0\u{2}", "\u{14}\u{3}\u{3}\0\u{1}\u{1}", "\u{17}\u{3}\u{3}", "\0+\0\u{3}\u{2}\u{3}\u{4}",
        "\u{30}\u{82}",
    ]

    private static func join(_ parts: [UInt8]...) -> [UInt8] { Array(parts.joined()) }

    /// All of it behind its size, in two bytes.
    private static func sized(_ parts: [UInt8]...) -> [UInt8] {
        let bytes = Array(parts.joined())
        return join([UInt8(bytes.count >> 8), UInt8(bytes.count & 255)], bytes)
    }

    private static func record(_ type: UInt8, _ content: [UInt8]) -> [UInt8] {
        join([22, 3, 1], sized([type, 0], sized(content)))
    }

    private static let chance = (0..<32).map { UInt8($0 &* 5 &+ 1) }
    /// A point that is none of small order (RFC 7748).
    private static let share: [UInt8] = join([9], [UInt8](repeating: 0, count: 31))

    /// A client's first message, of TLS 1.3 or 1.2.
    private static func hello(isNew: Bool) -> [UInt8] {
        let ciphers: [UInt8] = isNew ? [0x13, 1, 0x13, 2, 0x13, 3] : [0xC0, 0x2B, 0xC0, 0x2C, 0xC0, 0x2F]
        let name = sized(sized([0], sized(Array("localhost".utf8))))
        var extensions = join([0, 0], name, [0, 10], sized(sized([0, 29, 0, 23])))
        extensions += join([0, 13], sized(sized([4, 3, 8, 4, 4, 1])))
        if isNew {
            extensions += join([0, 43], sized([2, 3, 4]), [0, 51], sized(sized([0, 29], sized(share))))
        } else {
            extensions += [0, 23, 0, 0, 0, 11, 0, 2, 1, 0]
        }
        return record(1, join([3, 3], chance, [0], sized(ciphers), [1, 0], sized(extensions)))
    }

    /// A server's.
    private static func answer(isNew: Bool) -> [UInt8] {
        let new = join([0, 43], sized([3, 4]), [0, 51], sized([0, 29], sized(share)))
        let extensions: [UInt8] = isNew ? new : [0, 23, 0, 0]
        return record(2, join([3, 3], chance, [0], isNew ? [0x13, 1] : [0xC0, 0x2B], [0], sized(extensions)))
    }
}
