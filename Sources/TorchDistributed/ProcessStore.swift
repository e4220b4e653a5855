import CDistributed
import Foundation
import Synchronization

/// Values under keys that several processes read and write, over TCP or in a file.
public final class ProcessStore: @unchecked Sendable {
    // c10d guards every call by a lock.
    let handle: cd_store

    /// Whether it lives in this process.
    let isServer: Bool

    /// Where it is asked.
    private let queue = DispatchQueue(label: "store")
    private let isLost = Mutex(false)

    private init(owning handle: cd_store, isServer: Bool) {
        self.handle = handle
        self.isServer = isServer
    }

    deinit { cd_store_free(handle) }

    /// Joins a store, or serves one.
    ///
    /// - Parameters:
    ///   - host: the machine that has it.
    ///   - port: its port; a server takes 0 for any free one.
    ///   - isServer: whether this process serves it, as long as the object lives.
    ///   - seconds: how long to wait for a server.
    /// - Throws: `ProcessGroupError.portInUse` or `.noStore`.
    public convenience init(
        host: String, port: Int, isServer: Bool, waiting seconds: Double
    ) throws(ProcessGroupError) {
        var store: cd_store?
        // c10d tries twice as long.
        // A server asks itself without the network, which may go.
        let message = cd_store_connect(
            isServer ? "127.0.0.1" : host, UInt16(port), isServer,
            Int64(1000 * (isServer ? seconds : seconds / 2)), &store)
        if let reason = text(message) {
            let isInUse =
                reason.contains("EADDRINUSE")
                || reason.lowercased().contains("address already in use")
            throw isServer && isInUse
                ? .portInUse(port: port)
                : .noStore(host: host, port: port, seconds: seconds, reason: reason)
        }
        guard let store else { preconditionFailure("ProcessStore: c10d gave no store") }
        self.init(owning: store, isServer: isServer)
    }

    /// Opens a store in a file.
    ///
    /// - Parameters:
    ///   - path: a file that all processes see, and that is not there before.
    ///   - size: how many processes there are.
    /// - Throws: `ProcessGroupError.noFile`.
    convenience init(path: String, size: Int) throws(ProcessGroupError) {
        // c10d waits for a folder that is lacking.
        let descriptor = open(path, O_RDWR | O_CREAT, 0o666)
        guard descriptor >= 0 else {
            throw .noFile(path: path, reason: String(cString: strerror(errno)))
        }
        close(descriptor)
        var store: cd_store?
        let message = cd_store_file(path, Int32(size), Int64(1000 * Self.patience), &store)
        if let reason = text(message) { throw .noFile(path: path, reason: reason) }
        guard let store else { preconditionFailure("ProcessStore: c10d gave no store") }
        self.init(owning: store, isServer: false)
    }

    /// The port.
    public var port: Int { Int(cd_store_port(handle)) }

    /// The same store, in which every key begins with a prefix.
    func prefixed(_ prefix: String) throws(ProcessGroupError) -> ProcessStore {
        var store: cd_store?
        if let reason = text(cd_store_prefix(handle, prefix, &store)) {
            throw .storeLost(reason: reason)
        }
        guard let store else { preconditionFailure("ProcessStore: c10d gave no store") }
        return ProcessStore(owning: store, isServer: isServer)
    }

    /// Sets a key.
    func set(_ key: String, _ value: [UInt8]) throws(ProcessGroupError) {
        _ = try answer(()) { store, _ in cd_store_set(store, key, value, value.count) }
    }

    /// Whether there is such a key now.
    func has(_ key: String) throws(ProcessGroupError) -> Bool {
        try answer(false) { store, found in cd_store_has(store, key, &found) }
    }

    /// The value of a key that is there.
    func value(of key: String) throws(ProcessGroupError) -> [UInt8] {
        try answer([]) { store, value in
            var bytes: UnsafeMutablePointer<UInt8>?
            var count = 0
            let message = cd_store_get(store, key, 1000, &bytes, &count)
            if message == nil {
                value = Array(UnsafeBufferPointer(start: bytes, count: count))
                cd_bytes_free(bytes)
            }
            return message
        }
    }

    /// Asks the store, which answers at once or has gone.
    ///
    /// c10d itself waits without end for a store that the network has lost.
    ///
    /// - Parameters:
    ///   - empty: the answer before there is one.
    ///   - ask: calls c10d, and fills in the answer.
    /// - Returns: the answer.
    /// - Throws: `ProcessGroupError.storeLost`.
    private func answer<Answer: Sendable>(
        _ empty: Answer,
        _ ask: @escaping @Sendable (cd_store, inout Answer) -> UnsafeMutablePointer<CChar>?
    ) throws(ProcessGroupError) -> Answer {
        guard !isLost.withLock({ $0 }) else { throw .storeLost(reason: "it does not answer") }
        let slot = Slot(empty)
        let isDone = DispatchSemaphore(value: 0)
        queue.async { [self] in
            slot.answer.withLock { answer in
                let message = ask(handle, &answer.value)
                answer.problem = text(message)
            }
            isDone.signal()
        }
        guard isDone.wait(timeout: .now() + Self.patience) == .success else {
            isLost.withLock { $0 = true }
            throw .storeLost(reason: "it does not answer")
        }
        let found = slot.answer.withLock { $0 }
        if let reason = found.problem { throw .storeLost(reason: reason) }
        return found.value
    }

    /// How long a store may take for an answer, in seconds.
    private static let patience = 4.0

    /// What comes back from the thread that asks.
    private final class Slot<Answer: Sendable>: Sendable {
        let answer: Mutex<(value: Answer, problem: String?)>

        init(_ empty: Answer) { answer = Mutex((empty, nil)) }
    }
}

/// What went wrong, in short; frees the shim's text.
func text(_ message: UnsafeMutablePointer<CChar>?) -> String? {
    guard let message else { return nil }
    defer { cd_message_free(message) }
    return ProcessGroupError.brief(String(cString: message))
}
