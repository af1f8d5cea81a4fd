import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Whether clients speak TLS: where the environment's `BENCH_CA` names a file with the authority that has signed the broker's
/// certificate. `rdkafka_bench` looks there too.
enum Protection {
    static let options: SecurityOptions = {
        var options = SecurityOptions()
        guard let authority = getenv("BENCH_CA") else { return options }
        options.securityProtocol = .ssl
        options.tls.trust = .pemFile(String(cString: authority))
        return options
    }()
}
