import TestSupport
import Testing

@testable import KafkaBroker

/// Rules that make a name of a certificate's distinguished name (KIP-371), with the examples of Kafka's documentation.
@Suite(.turn) struct PrincipalRulesTests {
    private static let documented =
        "RULE:^CN=(.*?),OU=ServiceUsers.*$/$1/, "
        + "RULE:^CN=(.*?),OU=(.*?),O=(.*?),L=(.*?),ST=(.*?),C=(.*?)$/$1@$2/L, "
        + "RULE:^.*[Cc][Nn]=([a-zA-Z0-9.]*).*$/$1/L, DEFAULT"

    @Test(
        arguments: [
            (documented, "CN=serviceuser,OU=ServiceUsers,O=Unknown,L=Unknown,ST=Unknown,C=Unknown", "serviceuser"),
            (documented, "CN=adminUser,OU=Admin,O=Unknown,L=Unknown,ST=Unknown,C=Unknown", "adminuser@admin"),
            (documented, "O=x,cn=Some.One,C=y", "some.one"),
            (documented, "O=nobody", "O=nobody"),
            ("DEFAULT", "CN=a,O=b", "CN=a,O=b"), ("", "CN=a", "CN=a"),
            ("RULE:^CN=(.*)$/$1/U", "CN=duke", "DUKE"), ("RULE:^CN=(.*)$/user-$1-$2/", "CN=duke", "user-duke-$2"),
            ("RULE:^CN=a\\/(.*)$/$1/", "CN=a/b", "b"), ("RULE:CN=([^,]*)/$1/", "CN=a,O=b", nil),
            ("RULE:^CN=x$/y/", "CN=a", nil),
        ] as [(String, String, String?)])
    func theFirstRuleThatMatchesAllOfTheNameCounts(rules: String, name: String, expected: String?) throws {
        #expect(try PrincipalRules(rules).name(of: name) == expected)
    }

    @Test(arguments: ["RULE:", "RULE:a", "RULE:a/b", "RULE:(/b/", "RULE:a/b/X", "SOMETHING", "DEFAULT,RULE:x"])
    func whatIsNoRuleIsRefused(text: String) {
        #expect(throws: PrincipalRules.Refusal.self) { try PrincipalRules(text) }
    }
}
