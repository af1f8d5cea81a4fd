import JSONLines
import KafkaBroker
import KafkaWire
import TestSupport
import Testing

@testable import KW

/// `kw acls` as a program. The embedded broker has no authorizer: hooks answer as one that has, and keep the rules.
@Suite(.turn) struct AclsCommandTests {
    @Test func rulesAreAddedListedAndRemoved() async throws {
        let broker = try await KafkaBroker.start()
        let kept = Kept()
        kept.serve(broker)
        func kw(_ arguments: String...) async throws -> Program.Outcome {
            try await Running.kw(["acls", "--bootstrap-server", broker.bootstrapServers] + arguments)
        }
        let rule = ["--allow-principal", "User:alice", "--operation", "Read", "--topic", "orders"]
        let added = try await Running.kw(["acls", "--add", "--bootstrap-server", broker.bootstrapServers] + rule)
        let entry = "(principal=User:alice, host=*, operation=READ, permissionType=ALLOW)"
        let pattern = "ResourcePattern(resourceType=TOPIC, name=orders, patternType=LITERAL)"
        #expect(added.output == "Adding ACLs for resource `\(pattern)`: \n \t\(entry)\n\n", "\(added.error)")
        let again = try await Running.kw(["acls", "--add", "--bootstrap-server", broker.bootstrapServers] + rule)
        #expect(again.output == "Acl (pattern=\(pattern), entry=\(entry)) already exists.\n" && again.status == 0)
        let listed = try await kw("--list", "--topic", "orders")
        #expect(listed.output == "Current ACLs for resource `\(pattern)`:\n\t\(entry)\n\n")

        #expect(
            try await kw("--add", "--allow-principal", "User:bob", "--consumer", "--topic", "orders", "--group", "g")
                .status == 0)
        #expect(kept.acls.count == 4)
        let bobs = try await Running.json("acls", "--list", "--principal", "User:bob", at: broker)
        #expect(
            bobs.elements.map { "\($0["resourceType"].text ?? "") \($0["operation"].text ?? "")" } == [
                "TOPIC READ", "TOPIC DESCRIBE", "GROUP READ",
            ])

        // Nobody at the keyboard: nothing is removed.
        let unanswered = try await kw("--remove", "--topic", "orders")
        #expect(unanswered.status == 1 && unanswered.error.contains("--force") && kept.acls.count == 4)
        for (answer, left) in [("n\n", 4), ("y\n", 3)] {
            let input = try Program.file(Array(answer.utf8))
            defer { input.remove() }
            let outcome = try await Running.kw(
                ["acls", "--remove", "--bootstrap-server", broker.bootstrapServers] + rule, input: input.path)
            #expect(
                outcome.status == 0 && outcome.output.hasPrefix("Are you sure you want to remove ACLs: \n \t\(entry)\n")
            )
            #expect(kept.acls.count == left)
        }
        #expect(try await kw("--remove", "--topic", "orders", "--force").status == 0)
        #expect(kept.acls.map(\.resourceType) == [.group])
        await broker.stop()
    }

    /// Adding looks at what is there first; where that is refused, the sentence was about describing.
    @Test func addingSaysThatItAdds() async throws {
        let broker = try await KafkaBroker.start()
        let rule = ["acls", "--add", "--allow-principal", "User:a", "--operation", "Read", "--topic", "t"]
        let refused = try await Running.kw(rule + ["--bootstrap-server", broker.bootstrapServers])
        #expect(refused.status == 1 && refused.error.contains("SECURITY_DISABLED"))
        #expect(!refused.error.contains("describe") && refused.error.contains("create"), "\(refused.error)")
        await broker.stop()
    }

    @Test func aBrokerWithoutAnAuthorizerIsASentence() async throws {
        let broker = try await KafkaBroker.start()
        let outcome = try await Running.kw("acls", "--list", at: broker)
        #expect(outcome.status == 1 && outcome.output.isEmpty)
        #expect(outcome.error.hasPrefix("kw acls: ") && outcome.error.contains("SECURITY_DISABLED"))
        await broker.stop()
    }

    @Test(
        arguments: [
            ([], "say what to do"), (["--add", "--topic", "t"], "needs --allow-principal"),
            (["--add", "--allow-principal", "User:a"], "say what it is about"),
            (["--add", "--allow-principal", "alice", "--topic", "t"], "such as User:alice"),
            (["--add", "--allow-principal", "User:a", "--operation", "Reed", "--topic", "t"], "did you mean Read?"),
            (
                ["--add", "--allow-principal", "User:a", "--operation", "ClusterAction", "--topic", "t"],
                "nothing that can be done"
            ),
            (
                ["--add", "--allow-principal", "User:a", "--topic", "t", "--resource-pattern-type", "match"],
                "literal or prefixed"
            ),
            (["--add", "--allow-principal", "User:a", "--producer"], "--producer needs --topic"),
            (["--add", "--allow-principal", "User:a", "--consumer", "--topic", "t"], "--consumer needs"),
            (["--add", "--allow-principal", "User:a", "--idempotent", "--topic", "t"], "--idempotent goes with"),
            (["--list", "--allow-principal", "User:a"], "--list takes no"),
            (["--remove", "--principal", "User:a", "--topic", "t"], "--principal goes with --list"),
        ] as [([String], String)]) func wrongUsageIsRefused(arguments: [String], part: String) async throws
    {
        let outcome = try await Running.kw(["acls"] + arguments)
        #expect(outcome.status == 64 && outcome.error.contains(part), "\(outcome.error)")
    }

    /// The rules of a broker.
    private final class Kept: Sendable {
        private let state = Locked<[KafkaAdmin.Acl]>([])

        var acls: [KafkaAdmin.Acl] { state.withLock { $0 } }

        func serve(_ broker: KafkaBroker) {
            broker.on(.createAcls) { request in
                guard let message = request.message as? CreateAclsRequest else { return .pass }
                self.state.withLock { acls in acls += message.creations.map(Self.acl) }
                return .answer(
                    CreateAclsResponse.with {
                        $0.results = message.creations.map { _ in .with { $0.errorMessage = nil } }
                    })
            }
            broker.on(.describeAcls) { request in
                guard let message = request.message as? DescribeAclsRequest else { return .pass }
                let found = self.acls.filter { acl in
                    Self.isMeant(
                        acl, message.resourceTypeFilter, message.resourceNameFilter, message.principalFilter,
                        message.operation)
                }
                return .answer(
                    DescribeAclsResponse.with {
                        $0.errorMessage = nil
                        $0.resources = found.map { acl in
                            .with {
                                $0.resourceType = acl.resourceType.rawValue
                                $0.resourceName = acl.resourceName
                                $0.patternType = acl.patternType.rawValue
                                $0.acls = [
                                    .with {
                                        $0.principal = acl.principal
                                        $0.host = acl.host
                                        $0.operation = acl.operation.rawValue
                                        $0.permissionType = acl.permission.rawValue
                                    }
                                ]
                            }
                        }
                    })
            }
            broker.on(.deleteAcls) { request in
                guard let message = request.message as? DeleteAclsRequest else { return .pass }
                return .answer(
                    DeleteAclsResponse.with {
                        $0.filterResults = message.filters.map { filter in
                            let gone = self.state.withLock { acls in
                                let gone = acls.filter {
                                    Self.isMeant(
                                        $0, filter.resourceTypeFilter, filter.resourceNameFilter,
                                        filter.principalFilter, filter.operation)
                                }
                                acls.removeAll { gone.contains($0) }
                                return gone
                            }
                            return .with {
                                $0.errorMessage = nil
                                $0.matchingAcls = gone.map { acl in
                                    .with {
                                        $0.errorMessage = nil
                                        $0.resourceType = acl.resourceType.rawValue
                                        $0.resourceName = acl.resourceName
                                        $0.principal = acl.principal
                                        $0.host = acl.host
                                        $0.operation = acl.operation.rawValue
                                        $0.permissionType = acl.permission.rawValue
                                    }
                                }
                            }
                        }
                    })
            }
        }

        private static func acl(_ creation: CreateAclsRequest.AclCreation) -> KafkaAdmin.Acl {
            KafkaAdmin.Acl(
                .init(rawValue: creation.permissionType), creation.principal, .init(rawValue: creation.operation),
                on: .init(rawValue: creation.resourceType), creation.resourceName,
                patternType: .init(rawValue: creation.resourcePatternType), host: creation.host)
        }

        private static func isMeant(
            _ acl: KafkaAdmin.Acl, _ type: Int8, _ name: String?, _ principal: String?, _ operation: Int8
        ) -> Bool {
            (type == 1 || type == acl.resourceType.rawValue) && (name == nil || name == acl.resourceName)
                && (principal == nil || principal == acl.principal)
                && (operation == 1 || operation == acl.operation.rawValue)
        }
    }
}
