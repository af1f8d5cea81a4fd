import Foundation
import TestSupport

/// Certificates of somebody else's making: OpenSSL's own program, in a directory that is made once for a test run.
struct ForeignCertificates: Sendable {
    static let shared = try? ForeignCertificates()

    let directory: String

    func path(_ name: String) -> String { "\(directory)/\(name)" }
    func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

    private init() throws {
        let place = FileManager.default.temporaryDirectory.appending(
            path: "kafkawire-tls-\(getpid())-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        directory = place.path
        try Self.script.write(to: place.appending(path: "make.sh"), atomically: true, encoding: .utf8)
        let made = try Program.run("/bin/bash", ["-eu", "make.sh"], in: directory)
        guard made.status == 0 else { throw Program.Failed(output: made.output) }
    }

    /// Authorities `ca` and `other`; `server` is EC, for localhost and its addresses.
    private static let script = """
        authority() { # name
          mkdir -p $1.d; touch $1.d/index.txt; echo 1000 > $1.d/serial; echo 1000 > $1.d/crlnumber
          cat > $1.cnf <<EOF
        [ca]
        default_ca = own
        [own]
        database = $1.d/index.txt
        new_certs_dir = $1.d
        serial = $1.d/serial
        crlnumber = $1.d/crlnumber
        default_md = sha256
        policy = any
        unique_subject = no
        default_days = 30
        default_crl_days = 30
        certificate = $1.pem
        private_key = $1.key
        [any]
        organizationName = optional
        commonName = supplied
        EOF
          openssl req -x509 -newkey rsa:2048 -nodes -keyout $1.key -out $1.pem -subj "/O=Test/CN=$1" -days 60 \
            -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
        }
        issue() { # name authority extensions key-arguments more
          local name=$1 authority=$2 ext=$3 key=$4; shift 4
          openssl req -new -newkey $key -nodes -keyout $name.key -out $name.csr -subj "/O=Test/CN=$name"
          echo "$ext" > $name.ext
          openssl ca -batch -notext -config $authority.cnf -in $name.csr -out $name.pem -extfile $name.ext "$@"
        }
        ec="ec -pkeyopt ec_paramgen_curve:P-256"
        local_names="subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"
        authority ca; authority other
        issue server ca "$local_names" "$ec"
        issue rsa ca "$local_names" rsa:2048
        issue foreign other "$local_names" "$ec"
        issue wronghost ca "subjectAltName=DNS:elsewhere.example,DNS:*.wild.example,IP:10.0.0.1" "$ec"
        issue expired ca "$local_names" "$ec" -startdate 20200101000000Z -enddate 20210203040506Z
        issue future ca "$local_names" "$ec" -startdate 20990101000000Z -enddate 21000101000000Z
        issue revoked ca "$local_names" "$ec"
        issue client ca "extendedKeyUsage=clientAuth" "$ec"
        issue foreignclient other "extendedKeyUsage=clientAuth" "$ec"
        issue expiredclient ca "extendedKeyUsage=clientAuth" "$ec" -startdate 20200101000000Z -enddate 20210203040506Z
        openssl ca -config ca.cnf -revoke revoked.pem
        openssl ca -config ca.cnf -gencrl -out crl.pem
        openssl req -x509 -newkey $ec -nodes -keyout selfsigned.key -out selfsigned.pem -subj "/CN=localhost" -days 30 \
          -addext "$local_names"
        openssl req -x509 -newkey $ec -nodes -keyout name.key -out name.pem -days 30 -utf8 -multivalue-rdn \
          -subj '/C=DE/ST=Nord, Süd/L= Ort /O=Test+OU=A#B/street=Weg 1/DC=example/UID=u=1/emailAddress=a@b.org/CN=a"b;c<d>'
        # Keys in all the forms that they have.
        openssl pkcs8 -topk8 -in client.key -passout pass:geheim -out client.enc.key
        openssl pkcs12 -export -inkey client.key -in client.pem -certfile ca.pem -passout pass:geheim -out client.p12
        openssl pkcs12 -export -inkey server.key -in server.pem -passout pass:geheim -out server.p12
        openssl pkcs12 -export -nokeys -in ca.pem -passout pass:geheim -out trust.p12
        cat client.pem client.key > client.both.pem
        cat server.pem server.key > server.both.pem
        printf '\\xfe\\xed\\xfe\\xed\\x00\\x00\\x00\\x02' > old.jks
        head -c 300 server.pem > torn.pem
        # A chain: an authority in between.
        openssl req -new -newkey $ec -nodes -keyout middle.key -out middle.csr -subj "/O=Test/CN=middle"
        echo "basicConstraints=critical,CA:TRUE" > middle.ext
        openssl ca -batch -notext -config ca.cnf -in middle.csr -out middle.pem -extfile middle.ext
        openssl req -new -newkey $ec -nodes -keyout leaf.key -out leaf.csr -subj "/O=Test/CN=leaf"
        echo "$local_names" > leaf.ext
        openssl x509 -req -in leaf.csr -CA middle.pem -CAkey middle.key -CAcreateserial -days 30 \\
            -extfile leaf.ext -out leaf.pem
        mkdir -p authorities; cp ca.pem authorities; openssl rehash authorities
        # What OpenSSL 3 reads only with its provider of old things.
        openssl pkcs12 -export -legacy -inkey client.key -in client.pem -passout pass:geheim -out legacy.p12 \\
            || rm -f legacy.p12
        cat leaf.pem middle.pem > chain.pem
        cat middle.pem leaf.pem > unordered.pem
        """
}

/// A program of others. What it prints goes to a file: a handler on a pipe's end crashes the system's event loop now and then
/// when the end is closed (swift-corelibs-foundation on Linux).
final class Program: @unchecked Sendable {
    struct Failed: Error { let output: String }

    private let process = Process()
    private let input = Pipe()
    private let printed: String

    /// What it has printed so far.
    var output: String {
        FileManager.default.contents(atPath: printed).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
    var isRunning: Bool { process.isRunning }

    init(_ path: String, _ arguments: [String], in directory: String? = nil) throws {
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        if let directory { process.currentDirectoryURL = URL(filePath: directory) }
        printed = FileManager.default.temporaryDirectory.appending(path: "kw-\(UUID().uuidString)").path
        guard FileManager.default.createFile(atPath: printed, contents: nil),
            let out = FileHandle(forWritingAtPath: printed)
        else { throw Failed(output: "\(printed) cannot be made") }
        defer { try? out.close() }
        process.standardInput = input
        process.standardOutput = out
        process.standardError = out
        try process.run()
    }

    deinit { try? FileManager.default.removeItem(atPath: printed) }

    func type(_ text: String) { try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }
    func endInput() { try? input.fileHandleForWriting.close() }

    func stop() {
        endInput()
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    func waitForOutput(_ words: String) throws {
        let deadline = Date(timeIntervalSinceNow: 20)
        while !output.contains(words) {
            guard Date.now < deadline, process.isRunning || output.contains(words) else { throw Failed(output: output) }
            usleep(2000)
        }
    }

    func waitForEnd() throws -> Int32 {
        let deadline = Date(timeIntervalSinceNow: 60)
        while process.isRunning {
            guard Date.now < deadline else { throw Failed(output: output) }
            usleep(2000)
        }
        return process.terminationStatus
    }

    static func run(
        _ path: String, _ arguments: [String], in directory: String? = nil, input: String = ""
    ) throws -> (status: Int32, output: String) {
        let program = try Program(path, arguments, in: directory)
        program.type(input)
        program.endInput()
        defer { program.stop() }
        return (try program.waitForEnd(), program.output)
    }

    static let openSSL =
        ["/usr/bin/openssl", "/usr/local/bin/openssl", "/opt/homebrew/bin/openssl"]
        .first { FileManager.default.isExecutableFile(atPath: $0) } ?? "openssl"
}

/// OpenSSL's own server, on a free port.
struct ForeignServer {
    let program: Program
    let port: UInt16

    init(_ arguments: [String]) throws {
        program = try Program(Program.openSSL, ["s_server", "-accept", "127.0.0.1:0"] + arguments)
        try program.waitForOutput("ACCEPT 127.0.0.1:")
        let output = program.output
        guard let range = output.range(of: "ACCEPT 127.0.0.1:"),
            let port = UInt16(output[range.upperBound...].prefix { $0.isNumber })
        else { throw Program.Failed(output: output) }
        self.port = port
    }
}
