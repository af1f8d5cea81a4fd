import KafkaWire

extension PlantedMistake {
    /// Whether the broker makes it here and now.
    var isMade: Bool {
        #if DEBUG
            Self.planted == self
        #else
            false
        #endif
    }
}
