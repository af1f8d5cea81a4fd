import KafkaWire

extension LoginCheck {
    /// What clients and servers say, and files and lines as they are written, for each kind.
    static let seeds: [Bytes] = {
        func seed(_ kind: Kind, _ bytes: [UInt8]) -> Bytes { Bytes([kind.rawValue] + bytes) }
        func sized(_ text: String) -> [UInt8] { [UInt8(clamping: text.utf8.count)] + Array(text.utf8) }
        var scripts: [[UInt8]] = []
        for mechanism in 0..<4 as Range<UInt8> {
            let login: [UInt8] = [1, 1, mechanism, 3, 0, 3, 0, 5, 3, 9]
            let named: [UInt8] = [1, 1, mechanism]
            let says: [UInt8] = [1, 1, mechanism, 2, 2]
            scripts += [
                login, join(login, login), join(login, [4, 90], login), join(login, [4, 110, 5, 3, 9]),
                join(login, [1, 1, (mechanism + 1) % 4]), [1, 0, mechanism, 3, 0, 3, 0, 5, 3, 9],
                join(named, [3, 1, 2, 3, 0]), join(named, [3, 0, 3, 1, 40]), join([5, 18, 3], named, [5, 3, 9]),
                join(says, sized("\0alice\0wrong")), join(says, sized("n,,n=alice,r=abc")),
                join(says, sized("n,a=alice,n=alice,r=abc,tokenauth=true")),
                join(
                    says, sized("n,,\u{1}auth=Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.\u{1}k=v\u{1}\u{1}"),
                    [2, 2, 1, 1]),
            ]
        }
        let challenges = [
            "r=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXserver,s=QSXCR+Q6sek8bf92,i=4096", "e=other-error",
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "",
            #"{"status":"invalid_token","scope":"a","openid-configuration":"https://x"}"#,
        ]
        let lines = [
            #"a.b.C required username="u" password="p\"\\\101" /* x */ y='z'; // end"#, "a.B optional x=1;",
            #"org.apache.kafka.common.security.plain.PlainLoginModule required username="a" password="b" user_a="1";"#,
            #"o.ScramLoginModule required username="a" password="b" tokenauth="true";"#,
            #"o.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="a" unsecuredLoginListClaim_x=",a,b";"#,
        ]
        let texts = [
            #"{"a":[1,-2.5e3,true,false,null,"x\u00e4\ud83d\udddd\n"],"b":{"c":{}}}"#, "[[[[[[]]]]]]", "\"\\\"\"",
            "1e308", #"{"a":1,"a":2}"#,
        ]
        let keys = [
            #"{"keys":[{"kty":"RSA","kid":"a","n":"v-LD7qxrs9SPklBvWD89","e":"AQAB","use":"sig","alg":"RS256"}]}"#,
            #"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"AAAA"}]}"#,
        ]
        let header = Base64.encode(Array(#"{"alg":"ES256","kid":"a"}"#.utf8), .urlSafe)
        let claims = [
            #"{"sub":"a","exp":1700003600,"iat":1.7e9,"nbf":1,"scope":["a","b"],"aud":"kafka"}"#,
            #"{"sub":"a","exp":1e300,"iat":-1e300,"scope":"a b"}"#, #"{"sub":7,"exp":"x"}"#,
        ]
        let tokens = claims.map { claim in
            let body = Base64.encode(Array(claim.utf8), .urlSafe)
            return "\(header).\(body).\(Base64.encode([UInt8](repeating: 7, count: 64), .urlSafe))"
        }
        let names = [
            "RULE:^CN=(.*?),OU=(.*?),.*$/$1@$2/L,DEFAULT\0CN=alice,OU=a,O=b", "RULE:(a|b)\\/c/$1/U\0CN=Duke,O=x\\,y",
            "DEFAULT\0", "RULE:[/x/",
        ]
        var seeds = scripts.map { seed(.broker, $0) }
        for number in 0..<4 as Range<UInt8> {
            for challenge in challenges {
                seeds.append(seed(.challenges, join([number], sized(challenge), sized(challenge))))
            }
        }
        let written: [(Kind, [String])] = [
            (.jaas, lines), (.json, texts), (.keys, keys), (.signed, tokens), (.claims, claims), (.rules, names),
            (.prepared, ["I\u{AD}X", "\u{2168}", "\u{FDFA}\u{1F71}", "a\u{308}"]),
        ]
        for (kind, all) in written { seeds += all.map { seed(kind, Array($0.utf8)) } }
        return seeds
    }()

    private static func join(_ parts: [UInt8]...) -> [UInt8] { Array(parts.joined()) }

    static let dictionary = [
        "n,,", "n=alice", ",r=", ",p=", "c=biws", "tokenauth=true", "auth=Bearer ", "eyJhbGciOiJub25lIn0.",
        "required", #"username=""#, "password=", "user_", "unsecuredLogin", "StringClaim_", "RULE:", "DEFAULT", "/$1/L",
        #""keys":["#, #""kty":"EC""#, #""crv":"P-256""#, #""alg":"#, #""exp":"#, #""sub":"#, #"\u0061"#, "1e9",
        "i=4096", ",s=",
        "e=", "v=",
    ]
}
