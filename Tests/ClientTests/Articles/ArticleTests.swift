import Foundation
import TestSupport
import Testing

/// The listings of the articles about client and broker are code that compiles. `scripts/guide.sh write` runs this with
/// KAFKAWIRE_WRITE_LISTINGS set, and the articles are written anew instead.
@Suite(.turn) struct ArticleTests {
    @Test func listingsAreWhatCompiles() throws {
        let writes = ProcessInfo.processInfo.environment["KAFKAWIRE_WRITE_LISTINGS"] != nil
        let articles = try Articles(
            of: ["KafkaWire", "KafkaBroker"],
            listingsIn: ["Producing", "Consuming", "Operating", "Arriving", "Broker"].map {
                "ClientTests/Articles/\($0)Listings.swift"
            },
            prefixes: [
                "producer.", "transaction.", "consumer.", "commits.", "rebalance.", "errors.", "settings.", "watching.",
                "arriving.", "testing.",
            ], writes: writes)
        if !writes { #expect(articles.objections == []) }
        #expect(articles.compared >= articles.listings.count)
        #expect(articles.listings.count >= 30)
    }
}
