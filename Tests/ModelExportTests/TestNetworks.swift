import Foundation
import Torch
import TorchNN
import TorchTestSupport
import VisionData
import VisionModels

/// Networks with weights that are random, and norms whose statistics are those of images.
enum TestNetworks {
    /// One network of each kind of block; with `REVIEWKD_TEST_ALL=1` (`make test-all`) every one of the lists.
    static let chosen: [Architecture] = {
        guard ProcessInfo.processInfo.environment["REVIEWKD_TEST_ALL"] != "1" else {
            return Architecture.all
        }
        return [
            .resnet20, .resnet8x4, .wideResNet16x2, .vgg8, .mobileNetV2, .shuffleV1, .shuffleV2,
            .resNet18, .resNet50, .imagenetResNet18, .imagenetResNet50, .imagenetMobileNetV1,
        ]
    }()

    /// A network of a list, whose logits are at most about 5.
    ///
    /// - Parameters:
    ///   - architecture: of which kind.
    ///   - images: whose statistics its norms get, `[N, 3, H, W]`.
    /// - Returns: the network in evaluation mode.
    static func make(_ architecture: Architecture, seeing images: Tensor) -> any Backbone {
        let network = architecture.make(
            classCount: architecture.classCount, generator: Generator(seed: 7))
        withoutGrad {
            let logits = network.features(images, by: MeasuringLayers()).logits
            let largest = logits?.abs().max().item() ?? 0
            // Random weights of a deep network make large logits, and rounding grows with them.
            guard largest > 5 else { return }
            let keys = architecture.classifierKeys
            for entry in network.stateDict() where keys.contains(entry.name) {
                entry.tensor.copy(from: entry.tensor * (5 / largest))
            }
        }
        network.eval()
        return network
    }
}

/// Runs layers, and gives each norm the mean and variance of what it takes; scales and shifts differ by channel.
private final class MeasuringLayers: LayerExecution {
    let keepsPreactivations = false
    private var key = 0

    func prepare(_ images: Tensor) -> Tensor { images }

    func convolve(
        _ input: Tensor, _ convolution: Conv2d, _ norm: (any ChannelNorm)?, adding addend: Tensor?,
        relu: Bool
    ) -> Tensor {
        var output = input.conv2d(
            weight: convolution.weight, bias: convolution.bias, stride: convolution.stride,
            padding: convolution.padding, groups: convolution.groups)
        // A branch weighs less than what it is added to, as in trained networks: sums of equal ones amplify rounding.
        if let norm { output = measured(output, norm, scale: addend == nil ? 1 : 0.3) }
        if let addend { output = output + addend }
        return relu ? output.relu() : output
    }

    func normalize(_ input: Tensor, _ norm: BatchNorm2d, relu: Bool) -> Tensor {
        let output = measured(input, norm)
        return relu ? output.relu() : output
    }

    func classify(_ input: Tensor, _ layer: Linear) -> Tensor {
        input.linear(weight: layer.weight, bias: layer.bias)
    }

    private func measured(
        _ input: Tensor, _ norm: any ChannelNorm, scale: Double = 1
    ) -> Tensor {
        key += 1
        let mean = input.mean([0, 2, 3])
        let centred = input - mean.reshape([1, -1, 1, 1])
        norm.runningMean.copy(from: mean)
        norm.runningVar.copy(from: (centred * centred).mean([0, 2, 3]))
        let shape = norm.weight.shape
        norm.weight.copy(from: .hashed(key, shape: shape, scale: 0.1, dtype: .float32) + scale)
        norm.bias.copy(from: .hashed(1000 + key, shape: shape, scale: 0.1, dtype: .float32))
        return input.batchNorm(
            weight: norm.weight, bias: norm.bias, runningMean: norm.runningMean,
            runningVar: norm.runningVar, training: false, momentum: 0, epsilon: norm.epsilon)
    }
}

/// Normalised images of the size that a network is made for: real ones where their folder is named, else drawn.
enum TestImages {
    /// Images, and what they are.
    struct Sample {
        let images: Tensor
        let source: String
    }

    /// How many real images are taken.
    static let realCount = 256

    static func sample(for architecture: Architecture) throws -> Sample {
        let environment = ProcessInfo.processInfo.environment
        let isLarge = architecture.imageSize > 32
        let name = isLarge ? "REVIEWKD_IMAGENETTE" : "REVIEWKD_CIFAR100"
        guard let folder = environment[name] else {
            let count = isLarge ? 3 : 8
            let size = architecture.imageSize
            return Sample(
                images: .hashed(5, shape: [count, 3, size, size], scale: 2, dtype: .float32),
                source: "\(count) made images")
        }
        let dataset = try Dataset(named: isLarge ? "folder" : "cifar100")
        let source = try dataset.open(.test, in: folder)
        let step = Int64(source.count / realCount)
        let batches = source.evaluation(
            positions: (0..<Int64(realCount)).map { $0 * step },
            normalization: dataset.normalization ?? .imagenet, batchSize: realCount)
        var images: Tensor?
        try batches.forEach { images = $0.images.contiguous() }
        guard let images else { throw NoImages(folder: folder) }
        return Sample(
            images: images,
            source: "\(images.size(0)) images of \(isLarge ? "imagenette" : dataset.name)")
    }

    struct NoImages: Error { let folder: String }
}
