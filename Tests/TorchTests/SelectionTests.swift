import Testing
import Torch
import TorchTestSupport

@Suite struct SelectionTests {
    private let numbers = Tensor([3.0, -1, 2, 2, 5])

    @Test("Elements are compared with numbers and tensors, and conditions joined")
    func comparing() {
        func truths(_ tensor: Tensor) -> [Bool] { tensor.elements(as: Bool.self) }
        #expect(truths(numbers.isAtLeast(2)) == [true, false, true, true, true])
        #expect(truths(numbers.isLess(than: 2)) == [false, true, false, false, false])
        let other = Tensor([3.0, 0, 0, 2, 9])
        #expect(truths(numbers.isGreater(than: other)) == [false, false, true, false, false])
        #expect(truths(numbers.isAtLeast(other)) == [true, false, true, true, false])
        let odd = Tensor([true, true, false, false, true])
        #expect(truths(odd.and(numbers.isGreater(than: 0))) == [true, false, false, false, true])
        #expect(truths(odd.or(numbers.isGreater(than: 4))) == [true, true, false, false, true])
        #expect(truths(odd.not()) == [false, false, true, true, false])
        expectClose(Tensor.choose(odd, numbers, other), [3, -1, 0, 2, 5])
    }

    @Test("Elements are found, sorted and counted; equal ones keep their order")
    func ordering() {
        func integers(_ tensor: Tensor) -> [Int64] { tensor.elements(as: Int64.self) }
        #expect(integers(numbers.isGreater(than: 2).nonzeroIndices()) == [0, 4])
        #expect(integers(numbers.sortedIndices(descending: true)) == [4, 0, 2, 3, 1])
        #expect(integers(numbers.sortedIndices(descending: false)) == [1, 2, 3, 0, 4])
        let rows = Tensor([1.0, 7, 7, 4, 4, 0], shape: [2, 3]).max(1)
        expectClose(rows.values, [7, 4])
        #expect(integers(rows.indices) == [1, 0])
        #expect(integers(Tensor([Int64]([2, 0, 1])).repeatedIndices()) == [0, 0, 2])
        expectClose(numbers.cumulativeSum(), [3, 2, 4, 6, 11])
    }

    @Test("Elements are cut, rounded and raised to powers")
    func arithmetic() {
        let halves = numbers * 0.5
        expectClose(halves.floor(), [1, -1, 1, 1, 2])
        expectClose(halves.ceil(), [2, 0, 1, 1, 3])
        expectClose(numbers.abs(), [3, 1, 2, 2, 5])
        expectClose(numbers.clamped(to: 0...2.5), [2.5, 0, 2, 2, 2.5])
        expectClose(numbers.clamped(atMost: 2), [2, -1, 2, 2, 2])
        expectClose(numbers.minimum(Tensor.full([], 1, dtype: .float64)), [1, -1, 1, 1, 1])
        expectClose(numbers.power(3), [27, -1, 8, 8, 125])
        expectClose(
            (numbers * numbers * 4).log2(), [3.169925001442312 + 2, 2, 4, 4, 6.643856189774724])
        let whole = Tensor([Int64]([7, -7, 9]))
        #expect(
            whole.quotient(dividingBy: Tensor([Int64]([2, 2, 3]))).elements(as: Int64.self)
                == [3, -4, 3])
    }

    @Test("Weighted sums of a table's rows, of which one has no row, have a gradient for the table")
    func rowSums() {
        let table = Tensor([1.0, 2, 3, 4, 5, 6], shape: [3, 2])
        table.requiresGrad = true
        let sums = table.weightedRowSums(
            indices: Tensor([Int64]([0, 2, 2])), offsets: Tensor([Int64]([0, 2, 2])),
            weights: Tensor([10.0, 1, -1]))
        expectClose(sums, [15, 26, 0, 0, -5, -6])
        (sums * Tensor([1.0, 0, 0, 0, 0, 1], shape: [3, 2])).sum().backward()
        expectClose(table.grad ?? numbers, [10, 0, 0, 0, 1, -1])
    }

    @Test("Rows and columns are appended")
    func padding() {
        let padded = Tensor([1.0, 2], shape: [1, 2]).padded(right: 1, bottom: 2, value: 9)
        #expect(padded.shape == [3, 3])
        expectClose(padded, [1, 2, 9, 9, 9, 9, 9, 9, 9])
    }

    @Test("Losses of each element are those of their formulas")
    func losses() {
        let logits = Tensor([0.5, -2])
        let targets = Tensor([1.0, 0])
        expectClose(
            logits.binaryCrossEntropies(targets), [0.4740769841801067, 0.1269280110429725])
        expectClose(logits.smoothL1Distances(targets, beta: 1), [0.125, 1.5])
        expectClose(logits.smoothL1Distances(targets, beta: 0), [0.5, 2])
    }
}
