import Testing
import Torch
import TorchNN
import TorchTestSupport

@Suite struct ConvolutionUnitTests {
    /// A case: kernel, stride, addition, ReLU.
    private static let cases: [(kernel: Int, stride: Int, adds: Bool, relu: Bool)] = [
        (3, 1, false, true), (3, 1, true, true), (1, 1, true, false), (1, 2, false, true),
        (3, 2, true, true), (1, 1, false, false),
    ]

    @Test(
        "Convolution, bias, addition and ReLU as one node agree with float64, gradients included",
        arguments: cases.indices)
    func agreesWithFloat64(_ index: Int) throws {
        let (kernel, stride, adds, relu) = Self.cases[index]
        let padding = kernel / 2
        let side = (9 + 2 * padding - kernel) / stride + 1
        let shapes = [[2, 32, 9, 9], [48, 32, kernel, kernel], [48], [2, 48, side, side]]
        func leaves(_ dtype: DType) -> [Tensor] {
            shapes.enumerated().map { place, shape in
                let scale = place == 1 ? 1 / Double(kernel * 4) : 1
                // The kernels keep weights and biases in float32.
                let isMap = place == 0 || place == 3
                var leaf = Tensor.hashed(70 + place, shape: shape, scale: scale, dtype: .float32)
                // Both sides begin from numbers that bfloat16 has.
                leaf = leaf.to(.bfloat16).to(isMap || dtype == .float64 ? dtype : .float32)
                if isMap { leaf = leaf.contiguous(.channelsLast) }
                leaf.requiresGrad = true
                return leaf
            }
        }
        let probe = Tensor.hashed(80, shape: shapes[3])
        let exact = leaves(.float64)
        let linear = exact[0].conv2d(
            weight: exact[1], bias: exact[2], stride: stride, padding: padding)
        let sum = adds ? linear + exact[3] : linear
        let golden = relu ? sum.relu() : sum
        (golden * probe).sum().backward()
        for processor in Processor.current.variants {
            let given = leaves(.bfloat16)
            let found = fusedConvolutionUnit(
                given[0], weight: given[1], bias: given[2], addend: adds ? given[3] : nil,
                relu: relu, stride: stride, padding: padding, on: processor)
            guard processor.convolution != .onednn else {
                #expect(found == nil)
                continue
            }
            let output = try #require(found)
            #expect(relativeError(output, golden) < 5e-3)
            (output.to(.float64) * probe).sum().backward()
            for place in 0..<(adds ? 4 : 3) {
                let own = try #require(given[place].grad)
                let other = try #require(exact[place].grad)
                // Where bfloat16 rounds a sum to the other side of 0, a gradient is there or not.
                #expect(relativeError(own, other) < (relu ? 3e-2 : 1e-2), "input \(place)")
            }
        }
    }

    @Test("Without gradients asked for, the node is none, and float32 is declined")
    func declines() {
        let input = Tensor.hashed(1, shape: [1, 16, 4, 4], dtype: .float32)
        let weight = Tensor.hashed(2, shape: [16, 16, 3, 3], dtype: .float32)
        let bias = Tensor.zeros([16])
        func unit(_ input: Tensor) -> Tensor? {
            fusedConvolutionUnit(
                input, weight: weight, bias: bias, addend: nil, relu: true, stride: 1, padding: 1)
        }
        #expect(unit(input) == nil)
        let rows = unit(input.to(.bfloat16).contiguous(.channelsLast))
        #expect(rows?.requiresGrad ?? false == false)
    }
}
