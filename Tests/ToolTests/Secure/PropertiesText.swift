import AppSupport

/// Settings in a text, as a file would have them.
enum PropertiesText {
    static func values(_ text: String) throws -> [String: String] {
        try PropertiesFile(Array(text.utf8), path: "text").values
    }
}
