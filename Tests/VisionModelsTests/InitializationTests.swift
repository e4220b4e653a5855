import Testing
import Torch
import TorchNN
import TorchTestSupport
import VisionModels

/// The initial weights against the moments of the published distributions.
@Suite struct InitializationTests {
    /// How a family's convolutions are filled; the fan counts all output channels, or the inputs of one.
    enum Filling { case normalOfOutputs, uniformOfInputs }

    struct Family: Sendable, CustomTestStringConvertible {
        let model: Architecture
        let convolutions: Filling

        /// The deviation of the classifier's normal weights; PyTorch's uniform default where nil.
        var classifier: Double?
        var hasZeroBias = false

        var testDescription: String { model.name }
    }

    @Test(
        "Every family has the published initial weights",
        arguments: [
            Family(model: .resnet56, convolutions: .normalOfOutputs),
            Family(model: .resNet18, convolutions: .normalOfOutputs),
            Family(model: .resNet50, convolutions: .normalOfOutputs),
            Family(model: .imagenetResNet18, convolutions: .normalOfOutputs),
            Family(model: .imagenetResNet50, convolutions: .normalOfOutputs),
            Family(model: .imagenetMobileNetV1, convolutions: .uniformOfInputs),
            Family(model: .wideResNet40x2, convolutions: .normalOfOutputs, hasZeroBias: true),
            Family(
                model: .vgg13, convolutions: .normalOfOutputs, classifier: 0.01, hasZeroBias: true),
            Family(
                model: .mobileNetV2, convolutions: .normalOfOutputs, classifier: 0.01,
                hasZeroBias: true),
            Family(model: .shuffleV1, convolutions: .uniformOfInputs),
            Family(model: .shuffleV2, convolutions: .uniformOfInputs),
        ])
    func family(_ family: Family) {
        let network = family.model.make(classCount: 100, generator: Generator(seed: 3))
        for (name, tensor) in network.parameters().map({ ($0.name, $0.tensor.detach()) }) {
            let shape = tensor.shape
            let inputs = tensor.count / shape[0]
            switch shape.count {
            case 4 where family.convolutions == .normalOfOutputs:
                let outputs = shape[0] * shape[2] * shape[3]
                expectNormal(tensor, (2 / Double(outputs)).squareRoot(), name)
            case 4: expectUniform(tensor, within: 1 / Double(inputs).squareRoot(), name)
            case 2:
                if let deviation = family.classifier {
                    expectNormal(tensor, deviation, name)
                } else {
                    expectUniform(tensor, within: 1 / Double(inputs).squareRoot(), name)
                }
            case 1 where name.hasSuffix("bias") && shape[0] == 100 && !family.hasZeroBias:
                let width = Double(network.pooledChannels)
                expectUniform(tensor, within: 1 / width.squareRoot(), name)
            case 1 where name.hasSuffix("bias"):
                #expect(tensor.elements(as: Float.self).allSatisfy { $0 == 0 }, "\(name)")
            default: #expect(tensor.elements(as: Float.self).allSatisfy { $0 == 1 }, "\(name)")
            }
        }
    }

    /// Mean, deviation and (of many) fourth moment, each within five of its own standard errors.
    private func expectNormal(_ tensor: Tensor, _ deviation: Double, _ name: String) {
        let values = tensor.to(.float64).elements(as: Double.self).map { $0 / deviation }
        expectMoments(values, second: 1, fourth: 3, (second: 2, fourth: 96), name)
    }

    private func expectUniform(_ tensor: Tensor, within bound: Double, _ name: String) {
        let values = tensor.to(.float64).elements(as: Double.self).map { $0 / bound }
        #expect(values.allSatisfy { abs($0) <= 1.000_001 }, "\(name)")
        expectMoments(
            values, second: 1 / 3.0, fourth: 1 / 5.0,
            (second: 1 / 5.0 - 1 / 9.0, fourth: 1 / 9.0 - 1 / 25.0), name)
    }

    private func expectMoments(
        _ values: [Double], second: Double, fourth: Double,
        _ variances: (second: Double, fourth: Double), _ name: String
    ) {
        let count = Double(values.count)
        func mean(_ power: (Double) -> Double) -> Double {
            values.reduce(0) { $0 + power($1) } / count
        }
        func isNear(_ found: Double, _ expected: Double, variance: Double) -> Bool {
            abs(found - expected) <= 5 * (variance / count).squareRoot()
        }
        #expect(isNear(mean { $0 }, 0, variance: second), "mean of \(name)")
        #expect(isNear(mean { $0 * $0 }, second, variance: variances.second), "spread of \(name)")
        guard count >= 1000 else { return }
        #expect(
            isNear(mean { $0 * $0 * $0 * $0 }, fourth, variance: variances.fourth),
            "shape of \(name)")
    }
}
