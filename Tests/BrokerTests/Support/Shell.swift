import Foundation

/// Runs a command with the shell; gives what `system` gives, 0 where it went well. It waits on a thread of its own: the few
/// threads that tests share must stay free for brokers that other tests command meanwhile.
func shell(_ command: String) async -> Int32 {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: system(command)) }
    }
}
