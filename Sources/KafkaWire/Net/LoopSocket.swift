/// A stream socket of a loop: one that connects, is connected, or listens. What is behind it the loop knows that opened
/// it. None of its calls blocks; whoever owns it unwatches and closes it once.
package protocol LoopSocket: Sendable {
    /// Tells it from the others that its loop has open now.
    var id: Int32 { get }

    /// The error that a connection attempt ended with, or nil.
    func connectError(to address: SocketAddress) -> NetError?

    /// Accepts a connection; nil where none waits.
    func accept() throws(NetError) -> (any LoopSocket)?

    /// Reads what is there into `buffer`: the number of bytes, 0 at the end of the stream, nil where nothing waits.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(NetError) -> Int?

    /// Writes as much as is taken now, which may be nothing.
    func write(_ bytes: UnsafeRawBufferPointer) throws(NetError) -> Int

    /// Writes as much of `parts`, one behind the other, as is taken now, which may be nothing. Where more follows at
    /// once (`isMore`), it may be waited for.
    func write(_ parts: [UnsafeRawBufferPointer], isMore: Bool) throws(NetError) -> Int

    /// Writes as much of a file as is taken now, which may be nothing, without reading it. Nil where it has to be read.
    func write(_ part: FilePart) throws(NetError) -> Int?

    /// The port on this side.
    var localPort: UInt16 { get }

    /// The address of the other side, where there is one.
    var peer: SocketAddress? { get }

    /// The address on this side, by which the other side reached it.
    var local: SocketAddress? { get }

    /// Says that nothing more is written; what the other side sends can still be read.
    func shutdownWriting()

    /// Closes the socket.
    func close()

    /// Whether bytes, the end or an error can be read without the socket becoming readable: they were received already, with
    /// others. Whoever leaves off reading before nothing waits has to look at it, since the system cannot see them. False
    /// where only a part of something is there.
    var holdsInput: Bool { get }

    /// Whether bytes that were taken still wait for the socket to become writable. Then it is watched for that, and an empty
    /// write sends them.
    var wantsToWrite: Bool { get }
}

extension LoopSocket {
    /// False: what was received waits in the system.
    package var holdsInput: Bool { false }

    /// False: what was taken has been handed to the system.
    package var wantsToWrite: Bool { false }
}
