import Foundation
import Synchronization
import Torch
import TorchDistributed

/// Runs work as several processes do, each on a thread of this one.
///
/// - Parameters:
///   - size: how many.
///   - file: where they meet, as `file:///path`; nil for a store over TCP.
///   - timeout: how long each waits for the others, in seconds.
///   - body: the work of one of them.
/// - Returns: what each came to, by rank.
/// - Throws: where the store cannot be served.
func together<Result: Sendable>(
    _ size: Int, at file: String? = nil, timeout: Double = 30,
    _ body: @escaping @Sendable (DistributedGroup) throws -> Result
) throws -> [Swift.Result<Result, any Error>] {
    // The machine's own name may lead nowhere.
    setenv("GLOO_SOCKET_IFNAME", "lo", 0)
    let store = try ProcessStore(host: "127.0.0.1", port: 0, isServer: true, waiting: 10)
    let port = store.port
    let ends = Mutex<[Int: Swift.Result<Result, any Error>]>([:])
    let group = DispatchGroup()
    for rank in 0..<size {
        group.enter()
        let thread = Thread {
            let end = Swift.Result {
                try body(
                    DistributedGroup(
                        LaunchEnvironment(
                            rank: rank, size: size, host: file ?? "127.0.0.1", port: port,
                            isStoreServed: true), timeout: timeout))
            }
            ends.withLock { $0[rank] = end }
            group.leave()
        }
        // Networks need more than a thread has by default.
        thread.stackSize = 64 << 20
        thread.start()
    }
    group.wait()
    return withExtendedLifetime(store) {
        ends.withLock { ends in (0..<size).compactMap { ends[$0] } }
    }
}
