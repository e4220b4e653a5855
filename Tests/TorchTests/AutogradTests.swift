import Testing
import TorchTestSupport

@testable import Torch

@Suite struct AutogradTests {
    private func leaf(_ values: [Double]) -> Tensor {
        let tensor = Tensor(values)
        tensor.requiresGrad = true
        return tensor
    }

    /// Two inputs, two outputs: (x³, x · y).
    private func cubeAndProduct(_ x: Tensor, _ y: Tensor) -> [Tensor] {
        customFunction(of: [x, y]) {
            (
                [x * x * x, x * y],
                { gradients in
                    let ofCube = gradients[0].map { $0 * (x * x) * 3 }
                    let ofProduct = gradients[1].map { $0 * y }
                    let forX = [ofCube, ofProduct].compactMap { $0 }
                    return [
                        forX.dropFirst().reduce(forX[0], +), gradients[1].map { $0 * x },
                    ]
                }
            )
        }
    }

    @Test("A custom function's gradient is its closed form")
    func customGradient() {
        let x = leaf([1, -2, 0.5])
        let y = leaf([4, 5, 6])
        let outputs = cubeAndProduct(x, y)
        (outputs[0].sum() + (outputs[1] * 2).sum()).backward()
        // 3 x² + 2 y and 2 x
        #expect(x.grad?.elements(as: Double.self) == [11, 22, 12.75])
        #expect(y.grad?.elements(as: Double.self) == [2, -4, 1])
    }

    @Test("A custom function's gradient is what finite differences give")
    func customGradientByDifferences() throws {
        let values = [0.7, -1.3, 2.1]
        func value(_ numbers: [Double]) -> Double {
            let outputs = cubeAndProduct(Tensor(numbers), Tensor([0.3, 0.4, 0.5]))
            return (outputs[0] * outputs[1]).sum().item()
        }
        let x = leaf(values)
        let outputs = cubeAndProduct(x, leaf([0.3, 0.4, 0.5]))
        (outputs[0] * outputs[1]).sum().backward()
        let step = 1e-6
        let differences = values.indices.map { index in
            var above = values
            var below = values
            above[index] += step
            below[index] -= step
            return (value(above) - value(below)) / (2 * step)
        }
        expectClose(try #require(x.grad), differences, relative: 1e-7)
    }

    @Test("An output that does not matter passes nil to the backward pass")
    func unusedOutput() {
        let x = leaf([1, 2])
        let y = leaf([3, 4])
        cubeAndProduct(x, y)[0].sum().backward()
        #expect(x.grad?.elements(as: Double.self) == [3, 12])
        #expect(y.grad == nil)
    }

    @Test("A custom function of tensors without gradients records nothing")
    func customFunctionWithoutGradients() {
        let x = leaf([1])
        #expect(!cubeAndProduct(Tensor([1.0]), Tensor([2.0]))[0].requiresGrad)
        #expect(withoutGrad { !cubeAndProduct(x, x)[0].requiresGrad })
        #expect(cubeAndProduct(x, x)[0].requiresGrad)
    }

    @Test("The forward pass of a custom function runs outside mixed precision")
    func customFunctionSwitchesAutocastOff() {
        let x = Tensor.ones([2, 2])
        x.requiresGrad = true
        let dtypes = withAutocast(.bfloat16, on: .cpu) {
            let product = customFunction(of: [x]) { ([x.matmul(x)], { _ in [nil] }) }[0]
            return [product.dtype, x.matmul(x).dtype]
        }
        #expect(dtypes == [.float32, .bfloat16])
    }
}

@Suite struct ScopeTests {
    private struct Interruption: Error {}

    private var records: Bool {
        let tensor = Tensor.ones([1])
        tensor.requiresGrad = true
        return (tensor * 2).requiresGrad
    }

    private var productType: DType { Tensor.ones([2, 2]).matmul(Tensor.ones([2, 2])).dtype }

    @Test("withoutGrad stops the recording inside and restores it, also after an error")
    func gradScope() {
        #expect(records)
        #expect(withoutGrad { !records })
        #expect(withoutGrad { withGradMode(true) { records } })
        #expect(throws: Interruption.self) { try withoutGrad { throw Interruption() } }
        #expect(records)
    }

    @Test("withAutocast lowers products inside and restores the former state, also after an error")
    func autocastScope() {
        #expect(productType == .float32)
        let nested = withAutocast(.bfloat16, on: .cpu) {
            [productType, withAutocast(nil, on: .cpu) { productType }, productType]
        }
        #expect(nested == [.bfloat16, .float32, .bfloat16])
        #expect(throws: Interruption.self) {
            try withAutocast(.bfloat16, on: .cpu) { throw Interruption() }
        }
        #expect(productType == .float32)
    }
}
