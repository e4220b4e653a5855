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
