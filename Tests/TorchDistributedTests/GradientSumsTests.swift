import Testing
import Torch

@testable import TorchDistributed

@Suite("Gradients of several processes")
struct GradientSumsTests {
    /// Leaves of 400 kB each, so that there are several buckets, and a small one in another memory order.
    private static func leaves(_ dtype: DType) -> [Tensor] {
        (0..<5).map { index in
            let ones = Tensor.full(index == 2 ? [2, 3, 4, 5] : [100_000], 1, dtype: dtype)
            let leaf = index == 2 ? ones.contiguous(.channelsLast) : ones
            leaf.requiresGrad = true
            return leaf
        }
    }

    @Test(
        "are added while a pass goes on, those of several buckets, and a leaf without one keeps none"
    )
    func sums() throws {
        let found = try together(3) { group in
            let leaves = Self.leaves(.float32)
            let weight = Double(group.rank + 1)
            let counted = Tensor.arange(0..<120).to(.float32).reshape([2, 3, 4, 5])
            let value = Tensor([Float(weight)])
            var results: [[Double]] = []
            // The second pass finds the memory of the first one.
            for pass in 1...2 {
                // The last leaf has no part in the loss; the first one has two parts in it.
                let total =
                    leaves[0].sum() * weight + leaves[0].sum() * 2 + leaves[1].sum() * 3
                    + (leaves[2] * counted).sum() * weight + leaves[3].sum() * (weight * 5)
                try collectingOperatorErrors {
                    group.sumGradients(of: leaves, and: [value]) { total.backward() }
                }
                #expect(leaves[4].grad == nil)
                results += [0, 1, 2, 3].map { place in
                    let gradient = leaves[place].grad?.to(.float64).reshape([-1])
                    let elements = gradient?.elements(as: Double.self) ?? []
                    return [elements.min() ?? .nan, elements.max() ?? .nan, elements.last ?? .nan]
                }
                #expect(value.item() == (pass == 1 ? 6 : 18))
                for leaf in leaves { leaf.clearGrad() }
            }
            return results
        }.map { try $0.get() }
        // By hand: the ranks' weights 1, 2 and 3 add up to 6.
        let once: [[Double]] = [
            [6 + 3 * 2, 12, 12], [9, 9, 9], [0, 6 * 119, 6 * 119], [30, 30, 30],
        ]
        #expect(found == Array(repeating: once + once, count: 3))
    }

    /// The sums that a pass through a chain begins: of leaves of 1, 2 and 3 elements, of which the last one's gradient is there
    /// first.
    ///
    /// - Parameter isReversed: whether the leaves are given in the other order.
    /// - Returns: for each, the leaf's elements and how many leaves had their gradient by then; and how many sums had begun
    ///   before the pass was over.
    private static func begun(isReversed: Bool) -> (sums: [[Int]], during: Int) {
        let leaves = (1...3).map { count in
            let leaf = Tensor.full([count], 1)
            leaf.requiresGrad = true
            return leaf
        }
        let sums = GradientSums(of: isReversed ? leaves.reversed() : leaves, bucketBytes: 1)
        var begun: [[Int]] = []
        sums.begin { parts in
            begun.append([parts[0].count, leaves.filter { $0.grad != nil }.count])
        }
        let first = leaves[0].sum() * 2
        (first * leaves[1].sum() * leaves[2].sum()).backward()
        let during = begun.count
        sums.end(succeeded: true)
        return (begun, during)
    }

    @Test("begin while the pass goes on, in one order, whatever the order in which they come")
    func order() {
        let last = Self.begun(isReversed: false)
        #expect(last.sums == [[3, 1], [2, 2], [1, 3]])
        #expect(last.during == 3)
        // The first one to be begun comes last, and the others wait for it.
        let first = Self.begun(isReversed: true)
        #expect(first.sums == [[1, 3], [2, 3], [3, 3]])
        #expect(first.during == 3)
    }

    @Test("fail where another process has a gradient that this one lacks")
    func unlike() throws {
        let found = try together(2) { group in
            let leaves = (0..<2).map { _ in Tensor.full([4], 1) }
            for leaf in leaves { leaf.requiresGrad = true }
            try collectingOperatorErrors {
                group.sumGradients(of: leaves, and: []) {
                    (leaves[0].sum() + (group.rank == 0 ? leaves[1].sum() : 0 * leaves[0].sum()))
                        .backward()
                }
            }
        }
        #expect(throws: ProcessGroupError.self) { try found[1].get() }
    }

    @Test("of a pass that fails are not waited for, and the others learn why")
    func failed() throws {
        struct Trouble: Error {}
        let found = try together(2, timeout: 2) { group in
            let leaves = Self.leaves(.float32)
            do {
                try collectingOperatorErrors {
                    group.sumGradients(of: leaves, and: [Tensor([Float(1)])]) {
                        leaves[3].sum().backward()
                        if group.rank == 1 { collect(Trouble()) }
                    }
                }
            } catch {
                group.leave(because: error, "out of memory.")
                throw error
            }
        }
        #expect(throws: Trouble.self) { try found[1].get() }
        #expect(throws: ProcessGroupError.ended(rank: 1, reason: "out of memory.")) {
            try found[0].get()
        }
    }

    @Test("of one process are its own")
    func alone() throws {
        let leaf = Tensor([Float(3)])
        leaf.requiresGrad = true
        let value = Tensor([Float(5)])
        SingleProcess().sumGradients(of: [leaf], and: [value]) { (leaf * 4).sum().backward() }
        #expect(leaf.grad?.item() == 4)
        #expect(value.item() == 5)
    }
}
