import ArgumentParser
import KafkaSchemas
import KafkaWire

/// The options by which a program is told of a schema registry.
public struct RegistryOptions: ParsableArguments, Sendable {
    /// Where the registry is; nil is none.
    @Option(
        help: ArgumentHelp(
            "The schema registry by which what its serializers wrote (Avro, JSON Schema) is read.", valueName: "address"
        ))
    public var schemaRegistry: String?

    /// The file with `user:password`, or a token, for the registry.
    @Option(
        help: ArgumentHelp(
            "A file with user:password, or a token, for the schema registry.", valueName: "file"),
        completion: .file())
    public var schemaRegistryLogin: String?

    /// No registry; the parser then sets what was given.
    public init() {}

    /// Refuses a login without a registry that it is for; throws a sentence for the command line.
    public func validate() throws {
        guard schemaRegistry != nil || schemaRegistryLogin == nil else {
            throw ValidationError("--schema-registry-login needs --schema-registry")
        }
    }

    /// A client of the registry; nil where none is named.
    ///
    /// - Parameter tell: What is to be told of the login's file: that others can read it.
    /// - Throws: `SchemaRegistryError` for an address that is none, and a login that would go there in plain text or that is none;
    ///   `SecretFileError` for a file that cannot be read.
    public func client(tell: (String) -> Void) throws -> SchemaRegistryClient? {
        guard let schemaRegistry else { return nil }
        guard let schemaRegistryLogin else { return try SchemaRegistryClient(schemaRegistry) }
        let file = try Secret.file(schemaRegistryLogin)
        if let remark = file.remark { tell(remark) }
        guard let login = SchemaRegistryClient.Login(file.secret) else {
            throw SchemaRegistryError(
                .settings,
                "\(schemaRegistryLogin) holds no login of a schema registry: it is user:password, or a token")
        }
        return try SchemaRegistryClient(schemaRegistry, login: login)
    }
}
