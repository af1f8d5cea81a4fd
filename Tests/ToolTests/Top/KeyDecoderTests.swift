import Screens
import TestSupport
import Testing

@testable import ClusterView

/// Keys from what terminals send: whole, cut in two, and from garbage.
@Suite(.turn) struct KeyDecoderTests {
    private static let table: [(String, [Key])] = [
        ("q", [.character("q")]), ("/é日", [.character("/"), .character("é"), .character("日")]),
        ("\u{1B}[A\u{1B}[B\u{1B}[C\u{1B}[D", [.up, .down, .right, .left]), ("\u{1B}OA\u{1B}OB", [.up, .down]),
        (
            "\u{1B}[5~\u{1B}[6~\u{1B}[H\u{1B}[F\u{1B}[1~\u{1B}[4~\u{1B}[3~",
            [.pageUp, .pageDown, .home, .end, .home, .end, .delete]
        ),
        ("\t\u{1B}[Z\r\n\u{7F}\u{8}", [.tab, .backTab, .enter, .enter, .backspace, .backspace]),
        ("\u{3}\u{1A}", [.control("c"), .control("z")]),
        // With modifiers; a mouse's report, a paste's brackets and a function key are nothing.
        ("\u{1B}[1;5A", [.up]), ("\u{1B}[200~x\u{1B}[201~", [.character("x")]),
        ("\u{1B}[<0;3;4Mj", [.enter, .character("j")]),
        ("\u{1B}[15~k", [.character("k")]),
        // Escape, then another key; the second is not swallowed.
        ("\u{1B}q", [.escape, .character("q")]), ("\u{1B}\u{1B}[A", [.escape, .up]),
    ]

    @Test func keysAreWhatTheyAreHoweverTheyAreCut() {
        for (text, keys) in Self.table {
            let bytes = Array(text.utf8)
            var decoder = KeyDecoder()
            #expect(decoder.feed(bytes) == keys, "\(text.debugDescription)")
            #expect(!decoder.isWaiting)
            for cut in 0...bytes.count {
                var decoder = KeyDecoder()
                let found = decoder.feed(bytes[..<cut]) + decoder.feed(bytes[cut...])
                #expect(found == keys, "\(text.debugDescription) cut at \(cut)")
            }
        }
    }

    @Test func aLoneEscapeWaitsForWhatFollows() {
        var decoder = KeyDecoder()
        #expect(decoder.feed([0x1B]).isEmpty && decoder.isWaiting)
        #expect(decoder.flush() == [.escape] && !decoder.isWaiting)
        #expect(decoder.flush().isEmpty)
        // The beginning of a sequence is no key.
        #expect(decoder.feed([0x1B, 0x5B]).isEmpty)
        #expect(decoder.flush().isEmpty)
        #expect(decoder.feed([0x41]) == [.character("A")])
    }

    @Test func garbageDoesNoHarm() {
        // What is no UTF-8 is passed over, what follows is not.
        var decoder = KeyDecoder()
        #expect(decoder.feed([0xFF, 0xC3, 0x28, 0x80, 0xE2, 0x82, 0x71]) == [.character("("), .character("q")])
        // A sequence without an end does not grow for ever, and does not stop what follows.
        decoder = KeyDecoder()
        for _ in 0..<1000 { _ = decoder.feed([0x1B, 0x5B, 0x31, 0x31, 0x31, 0x31, 0x31, 0x31, 0x31, 0x31]) }
        _ = decoder.flush()
        #expect(decoder.feed([0x71]) == [.character("q")])
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var decoder = KeyDecoder()
            let bytes = (0..<200).map { _ in UInt8.random(in: 0...255, using: &random) }
            let whole = decoder.feed(bytes)
            #expect(whole.count <= bytes.count)
            _ = decoder.flush()
            #expect(decoder.feed([0x71]).last == .character("q"), "\(bytes)")
        }
    }
}
