/// The record batches in a Produce request or a Fetch response, back to back, as bytes: what is inside them is the
/// matter of ``RecordBatch``. They stay a slice of the frame that they arrived in.
public struct Records: Hashable, Sendable {
    /// The bytes of all batches; the last batch of a fetch may be cut off.
    public var bytes: Bytes

    /// Batches in `bytes`.
    public init(_ bytes: Bytes) { self.bytes = bytes }
}
