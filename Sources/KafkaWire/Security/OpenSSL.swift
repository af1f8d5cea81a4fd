#if Security
    import COpenSSL

    /// What OpenSSL has as macros, which Swift does not see, and the errors that it keeps for each thread.
    enum OpenSSL {
        static let noCompression = UInt64(1) << 17
        static let serverPreference = UInt64(1) << 22
        static let noRenegotiation = UInt64(1) << 30

        /// The first error that the last call left behind on this thread; nil where there is none. What it says has no
        /// secrets in it.
        struct Failure: Equatable {
            var library: Int32
            var reason: Int32
            var words: String
        }

        /// Forgets what other calls on this thread have left behind: OpenSSL looks at that to tell what went wrong.
        static func forgetErrors() { ERR_clear_error() }

        /// Takes the errors of the last call away and gives the first.
        static func takeFailure() -> Failure? {
            let code = ERR_get_error()
            defer { ERR_clear_error() }
            guard code != 0 else { return nil }
            let words = ERR_reason_error_string(code).map { String(cString: $0) }
            let reason = ERR_GET_REASON(code)
            return Failure(library: ERR_GET_LIB(code), reason: reason, words: words ?? "error \(reason)")
        }

        /// The words of the last call's first error.
        static func takeWords() -> String { takeFailure()?.words ?? "OpenSSL gives no reason" }

        /// A stack's members. They belong to the stack.
        static func members(_ stack: OpaquePointer?) -> [OpaquePointer] {
            guard let stack else { return [] }
            return (0..<max(0, OPENSSL_sk_num(stack))).compactMap {
                OPENSSL_sk_value(stack, $0).map { OpaquePointer($0) }
            }
        }

        /// Calls `body` with a source of bytes, which are not copied; nil where there is no memory, or too many bytes.
        static func withSource<R>(_ bytes: UnsafeRawBufferPointer, _ body: (OpaquePointer) -> R) -> R? {
            guard let count = Int32(exactly: bytes.count), let source = BIO_new_mem_buf(bytes.baseAddress, count) else {
                return nil
            }
            defer { BIO_free(source) }
            return body(source)
        }

        /// What `body` writes; nil where it says that it failed.
        static func written(_ body: (OpaquePointer) -> Bool) -> [UInt8]? {
            guard let sink = BIO_new(BIO_s_mem()) else { return nil }
            defer { BIO_free(sink) }
            guard body(sink) else { return nil }
            let count = BIO_ctrl_pending(sink)
            var bytes = [UInt8](repeating: 0, count: count)
            var taken = 0
            let code = bytes.withUnsafeMutableBytes { BIO_read_ex(sink, $0.baseAddress, count, &taken) }
            guard count == 0 || (code == 1 && taken == count) else { return nil }
            return bytes
        }

        /// Calls `body` with a password as C has it, which is wiped behind; with none where there is none.
        static func withPassword<R>(_ secret: Secret?, _ body: (UnsafePointer<CChar>?) -> R) -> R {
            guard let secret else { return body(nil) }
            return secret.withBytes { bytes in
                withUnsafeTemporaryAllocation(byteCount: bytes.count + 1, alignment: 1) { copy in
                    copy.copyBytes(from: bytes)
                    copy[bytes.count] = 0
                    defer { OPENSSL_cleanse(copy.baseAddress, copy.count) }
                    return body(copy.baseAddress?.assumingMemoryBound(to: CChar.self))
                }
            }
        }
    }

    /// A certificate, or a key, that is held here.
    struct X509Handle: ~Copyable {
        let pointer: OpaquePointer
        /// Owns it from now on.
        init(_ pointer: OpaquePointer) { self.pointer = pointer }
        deinit { X509_free(pointer) }
    }

    struct KeyHandle: ~Copyable {
        let pointer: OpaquePointer
        /// Owns it from now on.
        init(_ pointer: OpaquePointer) { self.pointer = pointer }
        deinit { EVP_PKEY_free(pointer) }
    }

    /// Certificates, in their order.
    struct X509List: ~Copyable {
        private(set) var pointers: [OpaquePointer] = []
        /// Owns it from now on.
        mutating func append(_ pointer: OpaquePointer) { pointers.append(pointer) }
        mutating func sort(_ body: ([OpaquePointer]) -> [OpaquePointer]) { pointers = body(pointers) }
        deinit { for pointer in pointers { X509_free(pointer) } }
    }
#endif
