import Basics
import Torch

/// Sums of gradients over processes that are under way while a backward pass still computes others.
///
/// A pass comes to the last layers first. So the buckets go through the parameters from the last to the first, and every
/// process begins them in this order.
///
/// Sendable because a pass calls its hooks one after another: on the CPU on the thread that began it, and for a card on
/// one of LibTorch's, while the other one waits.
final class GradientSums: @unchecked Sendable {
    /// Some of the parameters.
    private struct Bucket {
        let parameters: [Tensor]
        let memory: FlatBuffer

        /// How many gradients are not there yet.
        var missing: Int

        var gradients: [Tensor?] { parameters.map(\.grad) }
    }

    /// The parameters, as they were given.
    let parameters: [Tensor]

    private var buckets: [Bucket]

    /// The next bucket to begin.
    private var next = 0

    /// Begins the sums of a bucket; nil outside of a pass.
    private var start: (([Tensor]) -> Void)?

    /// Where failures of a pass go.
    private var scope = FailureScope()

    /// Makes room for the gradients, and follows them from now on.
    ///
    /// - Parameters:
    ///   - parameters: leaves.
    ///   - bucketBytes: the memory from which a bucket is full.
    init(of parameters: [Tensor], bucketBytes: Int) {
        self.parameters = parameters
        buckets = Self.parts(of: parameters.reversed(), bucketBytes: bucketBytes).map {
            Bucket(
                parameters: $0,
                memory: FlatBuffer(like: $0, of: $0[0].dtype, device: $0[0].device), missing: 0)
        }
        for (place, bucket) in buckets.enumerated() {
            for parameter in bucket.parameters {
                parameter.onGradient { [weak self] in self?.arrive(in: place) }
            }
        }
    }

    /// About eight buckets, neither so small that messages cost more than they hide, nor so large that nothing
    /// overlaps.
    convenience init(of parameters: [Tensor]) {
        let bytes = parameters.reduce(0) { $0 + $1.byteCount }
        self.init(
            of: parameters, bucketBytes: min(max(bytes / 8, 256 << 10), FlatBuffer.bucketBytes))
    }

    /// Cuts a list into parts of one type each.
    private static func parts(of tensors: [Tensor], bucketBytes: Int) -> [[Tensor]] {
        var parts: [[Tensor]] = []
        var bytes = 0
        for tensor in tensors {
            if bytes >= bucketBytes || parts.last?.last?.dtype != tensor.dtype {
                parts.append([])
                bytes = 0
            }
            parts[parts.count - 1].append(tensor)
            bytes += tensor.byteCount
        }
        return parts
    }

    /// Begins a pass.
    func begin(_ start: @escaping ([Tensor]) -> Void) {
        for place in buckets.indices { buckets[place].missing = buckets[place].parameters.count }
        next = 0
        scope = FailureScope()
        self.start = start
    }

    private func arrive(in place: Int) {
        guard start != nil else { return }
        buckets[place].missing -= 1
        scope { while next < buckets.count, buckets[next].missing == 0 { startNext() } }
    }

    private func startNext() {
        let bucket = buckets[next]
        next += 1
        bucket.memory.fill(from: bucket.gradients)
        start?(bucket.memory.buckets)
    }

    /// Ends a pass: begins the sums of which the pass had no part, where it came to its end.
    func end(succeeded: Bool) {
        while succeeded, next < buckets.count { startNext() }
        start = nil
    }

    /// Puts the sums into the gradients.
    ///
    /// - Returns: false where one that this process lacks is not zero: another process has it.
    func write() -> Bool {
        for bucket in buckets {
            guard bucket.memory.empty(into: bucket.gradients) else { return false }
        }
        return true
    }
}
