import CDistributed
import Torch

#if canImport(Glibc)
    import Glibc
#endif

/// Processes on one or several machines that train together, over c10d: Gloo, and NCCL for tensors on cards.
///
/// Calls come from one thread at a time. After a failure every further call fails in the same way: a group is not
/// mended, its processes start anew.
public final class DistributedGroup: ProcessGroup, @unchecked Sendable {
    /// This process's place in the group, from 0.
    public let rank: Int

    /// How many processes there are.
    public let size: Int

    /// How many of them share this machine, as far as the launcher says.
    public let localSize: Int

    /// How long to wait for others, in seconds.
    public let timeout: Double

    private let store: ProcessStore

    /// Whether the store lives and dies with rank 0.
    private let isStoreOfFirst: Bool

    private var handle: cd_group?

    /// Those of steps, which come again and again.
    private var buffers: [FlatBuffer.Signature: FlatBuffer] = [:]
    /// Those of runs that take turns, the newest last.
    private var sums: [GradientSums] = []
    private var failure: ProcessGroupError?
    private var gathered = 0

    /// Meets the other processes.
    ///
    /// - Parameters:
    ///   - environment: which others there are.
    ///   - timeout: how long to wait for one that does not come or does not answer, in seconds.
    ///   - device: where this process computes; of the machine's cards each process has another one.
    /// - Throws: `ProcessGroupError`.
    public init(
        _ environment: LaunchEnvironment, timeout: Double, device: Device = .cpu
    ) throws(ProcessGroupError) {
        rank = environment.rank
        size = environment.size
        localSize = environment.localSize ?? 1
        self.timeout = timeout
        let whole =
            if let file = environment.file {
                try ProcessStore(path: file, size: environment.size)
            } else {
                try ProcessStore(
                    host: environment.host, port: environment.port,
                    isServer: environment.rank == 0 && !environment.isStoreServed,
                    waiting: timeout)
            }
        isStoreOfFirst = !environment.isStoreServed && environment.file == nil
        store = try whole.prefixed(groupPrefix(attempt: environment.attempt))
        if let file = environment.file, try store.has("here/\(rank)") {
            throw .usedFile(path: file)
        }
        try waitForAll()
        var group: cd_group?
        let message = cd_group_gloo(
            store.handle, Int32(rank), Int32(size), Int64(1000 * timeout),
            ownAddress(towards: environment), &group)
        if let reason = text(message) { throw .notConnected(reason: reason) }
        handle = group
        guard case .cuda(let index) = device, let group else { return }
        let own = try store.prefixed("nccl")
        let added = withExtendedLifetime(own) {
            cd_group_add_nccl(
                group, own.handle, Int32(rank), Int32(size), Int64(1000 * timeout),
                Int8(clamping: index))
        }
        if let reason = text(added) { throw .notConnected(reason: reason) }
    }

    deinit { disconnect() }

    private var others: [Int] { (0..<size).filter { $0 != rank } }

    private func waitForAll() throws(ProcessGroupError) {
        try store.set("here/\(rank)", [])
        var missing = others
        let start = ContinuousClock.now
        while true {
            var still: [Int] = []
            for other in missing {
                let isHere: Bool
                do throws(ProcessGroupError) {
                    isHere = try store.has("here/\(other)")
                } catch {
                    // Rank 0 had waited long enough, and has taken the store with it.
                    throw .absent(ranks: missing, seconds: timeout)
                }
                if !isHere { still.append(other) }
            }
            missing = still
            guard !missing.isEmpty else { return }
            guard ContinuousClock.now - start < .seconds(timeout) else {
                throw .absent(ranks: missing, seconds: timeout)
            }
            usleep(20_000)
        }
    }

    /// Replaces the elements of each tensor by what they are over all processes.
    public func reduce(_ tensors: [Tensor], by reduction: Reduction) {
        let operation =
            switch reduction {
            case .sum: CD_SUM
            case .least: CD_LEAST
            case .greatest: CD_GREATEST
            }
        onBuckets(of: tensors, keepsBuffers: true) { handle, parts in
            cd_group_reduce(handle, parts, parts.count, operation)
        }
    }

    /// Overwrites each tensor by that of one process.
    public func broadcast(_ tensors: [Tensor], from root: Int) {
        onBuckets(of: tensors, keepsBuffers: false) { handle, parts in
            cd_group_broadcast(handle, parts, parts.count, Int32(root))
        }
    }

    /// Runs a backward pass, and adds the parameters' gradients over all processes while it goes on.
    public func sumGradients(
        of parameters: [Tensor], and values: [Tensor], _ backward: () -> Void
    ) {
        guard let handle = usableHandle(for: parameters + values) else { return }
        let sums = followed(parameters)
        let filled = filled(with: values, keepsBuffers: true)
        var message: UnsafeMutablePointer<CChar>?
        func start(_ parts: [Tensor]) {
            guard message == nil else { return }
            message = withExtendedLifetime(parts) {
                let addresses = parts.map { UnsafeMutableRawPointer($0.handle) }
                return cd_group_start_sum(handle, addresses, parts.count)
            }
        }
        start(filled.flatMap(\.buffer.buckets))
        withoutActuallyEscaping(start) { start in
            sums.begin(start)
            backward()
            sums.end(succeeded: !hasOperatorFailed)
        }
        let refusal = text(message)
        // Others wait in vain for the sums that this process will not begin, and learn why it ends.
        guard !hasOperatorFailed else {
            failure = failure ?? .failed(reason: "an operator of this process failed")
            return
        }
        let problem = text(cd_group_wait(handle))
        guard succeeded(refusal ?? problem) else { return }
        for (buffer, own) in filled { buffer.empty(into: own) }
        guard sums.write() else {
            _ = succeeded("a parameter has a gradient in another process and none in this one")
            return
        }
    }

    /// The sums of the parameters' gradients; they stay for as long as a few runs take turns.
    private func followed(_ parameters: [Tensor]) -> GradientSums {
        let handles = parameters.map(\.handle)
        let place = sums.firstIndex { $0.parameters.map(\.handle) == handles }
        let found = place.map { sums.remove(at: $0) } ?? GradientSums(of: parameters)
        sums = sums.suffix(Self.mostRuns - 1) + [found]
        return found
    }

    /// How many runs may take turns before memory for sums is made anew.
    private static let mostRuns = 8

    /// The group that c10d knows; nil after a failure, which the scope then knows.
    private func usableHandle(for tensors: [Tensor]) -> cd_group? {
        // Emptied by a failure that its scope knows already.
        guard !tensors.contains(where: \.isEmptied) else { return nil }
        guard failure == nil, let handle else {
            collect(failure ?? ProcessGroupError.failed(reason: "it has left"))
            return nil
        }
        return handle
    }

    /// Whether the work was done; a failure is remembered, and its scope learns who is behind it.
    private func succeeded(_ reason: String?) -> Bool {
        guard let reason else { return true }
        let failure = diagnose(reason)
        self.failure = failure
        collect(failure)
        return false
    }

    /// Copies tensors into one piece of memory for each type.
    private func filled(
        with tensors: [Tensor], keepsBuffers: Bool
    ) -> [(buffer: FlatBuffer, tensors: [Tensor])] {
        DType.allCases.compactMap { dtype in
            let own = tensors.filter { $0.dtype == dtype && $0.count > 0 }
            guard let first = own.first else { return nil }
            let signature = FlatBuffer.Signature(own, of: dtype)
            let buffer =
                buffers[signature] ?? FlatBuffer(like: own, of: dtype, device: first.device)
            if keepsBuffers { buffers[signature] = buffer }
            buffer.fill(from: own)
            return (buffer, own)
        }
    }

    /// Lets c10d work on the tensors, of each type in one piece of memory, all under way at once.
    private func onBuckets(
        of tensors: [Tensor], keepsBuffers: Bool,
        _ work: (cd_group, [UnsafeMutableRawPointer?]) -> UnsafeMutablePointer<CChar>?
    ) {
        guard let handle = usableHandle(for: tensors) else { return }
        let filled = filled(with: tensors, keepsBuffers: keepsBuffers)
        let parts = filled.flatMap(\.buffer.buckets)
        let message = withExtendedLifetime(parts) {
            work(handle, parts.map { UnsafeMutableRawPointer($0.handle) })
        }
        guard succeeded(text(message)) else { return }
        for (buffer, own) in filled { buffer.empty(into: own) }
    }

    /// Hands a few bytes of each process to all of them, through the store.
    public func gather(_ bytes: [UInt8]) throws -> [[UInt8]] {
        if let failure { throw failure }
        gathered += 1
        let name = "gather/\(gathered)"
        try store.set("\(name)/\(rank)", bytes)
        return try (0..<size).map { other in
            let start = ContinuousClock.now
            while try !store.has("\(name)/\(other)") {
                if let ended = try endOf(other) { throw ended }
                guard ContinuousClock.now - start < .seconds(timeout) else {
                    throw ProcessGroupError.silent(ranks: [other], seconds: timeout)
                }
                usleep(10_000)
            }
            return try store.value(of: "\(name)/\(other)")
        }
    }

    /// Waits for the others at the end of the work, so that none is left alone with its last words.
    ///
    /// - Throws: `ProcessGroupError` where one of them failed.
    public func finish() throws { _ = try greatest(of: 0) }

    /// Tells the others why this process ends, and leaves the group.
    ///
    /// A process that has the store stays until the others have read it, a few seconds at most.
    ///
    /// - Parameters:
    ///   - error: why; where it is another process's end, the others know it.
    ///   - reason: the same in words.
    public func leave(because error: any Error, _ reason: String) {
        do throws(ProcessGroupError) {
            if !(error is ProcessGroupError) { try store.set(endKey(rank), Array(reason.utf8)) }
            disconnect()
            guard store.isServer else { return }
            let start = ContinuousClock.now
            while try !allHaveNoticed(), ContinuousClock.now - start < .seconds(graceSeconds + 1) {
                usleep(20_000)
                // Others notice it by the end of the connection.
                disconnect()
            }
        } catch {
            // The store has gone: nobody can be told, and the process ends with what it was given.
            disconnect()
        }
    }

    /// Leaves the group, where no sum is under way; else the end of the process does it.
    private func disconnect() {
        if let left = handle, cd_group_free(left) { handle = nil }
    }

    /// The processes of which nothing more is to be expected.
    private var lost: [Int] {
        switch failure {
        case .gone(let ranks, _), .silent(let ranks, _): ranks
        default: []
        }
    }

    private func allHaveNoticed() throws(ProcessGroupError) -> Bool {
        for other in others where !lost.contains(other) {
            if try store.has("noticed/\(other)") { continue }
            guard try endOf(other) != nil else { return false }
        }
        return true
    }

    private func endOf(_ other: Int) throws(ProcessGroupError) -> ProcessGroupError? {
        guard try store.has(endKey(other)) else { return nil }
        return .ended(
            rank: other, reason: String(decoding: try store.value(of: endKey(other)), as: UTF8.self)
        )
    }

    /// Finds out which process is behind a failed reduction.
    ///
    /// Gloo names addresses and no ranks. So every process that notices says so in the store, and those that do not
    /// are the ones that have gone.
    private func diagnose(_ reason: String) -> ProcessGroupError {
        do throws(ProcessGroupError) {
            try store.set("noticed/\(rank)", [])
            let start = ContinuousClock.now
            while true {
                var unheard: [Int] = []
                for other in others {
                    if let ended = try endOf(other) { return ended }
                    if try !store.has("noticed/\(other)") { unheard.append(other) }
                }
                guard !unheard.isEmpty else { return .failed(reason: reason) }
                guard ContinuousClock.now - start < .seconds(graceSeconds) else {
                    return loss(of: unheard, reason)
                }
                usleep(20_000)
            }
        } catch {
            return isStoreOfFirst && rank > 0 ? loss(of: [0], reason) : .storeLost(reason: reason)
        }
    }

    private func loss(of ranks: [Int], _ reason: String) -> ProcessGroupError {
        ["timed out", "timeout"].contains { reason.lowercased().contains($0) }
            ? .silent(ranks: ranks, seconds: timeout) : .gone(ranks: ranks, reason: reason)
    }
}

/// Where the others reach this process: the address from which it reaches the store.
///
/// A machine's own name often leads to the loopback, where no other machine comes.
///
/// - Returns: nil where GLOO_SOCKET_IFNAME names a network, and where the store is on this machine by its loopback.
private func ownAddress(towards environment: LaunchEnvironment) -> String? {
    guard getenv("GLOO_SOCKET_IFNAME") == nil, environment.file == nil else { return nil }
    var address = [CChar](repeating: 0, count: 64)
    guard
        cd_address_towards(
            environment.host, UInt16(environment.port), &address, address.count)
    else { return nil }
    return String(decoding: address.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// How long a process waits for the word of others after a failure.
private let graceSeconds = 2.0

/// Where a group's keys are; a launcher's store still has those of the attempts before.
func groupPrefix(attempt: Int) -> String { "reviewkd/attempt_\(attempt)" }

/// Where a process says why it ended.
func endKey(_ rank: Int) -> String { "ended/\(rank)" }
