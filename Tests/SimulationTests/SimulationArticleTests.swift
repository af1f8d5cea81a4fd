import Foundation
import TestSupport
import Testing

/// The listings of the articles about the simulation are code that compiles, and runs; see `ArticleTests`.
@Suite(.turn) struct SimulationArticleTests {
    @Test func listingsAreWhatCompiles() throws {
        let writes = ProcessInfo.processInfo.environment["KAFKAWIRE_WRITE_LISTINGS"] != nil
        let articles = try Articles(
            of: ["KafkaSimulation", "KafkaWire"], listingsIn: ["SimulationTests/SimulationListings.swift"],
            prefixes: ["simulation."], writes: writes)
        if !writes { #expect(articles.objections == []) }
        #expect(articles.compared >= articles.listings.count)
        #expect(articles.listings.count == 3)
    }
}
