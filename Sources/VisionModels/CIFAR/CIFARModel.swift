import Basics
import Torch
import TorchNN

/// The networks for CIFAR-sized images, by their names in the distillation literature.
public enum CIFARModel: String, CaseIterable, Sendable {
    case resnet8, resnet14, resnet20, resnet32, resnet44, resnet56, resnet110
    case resnet8x4, resnet32x4
    case wideResNet16x1 = "wrn_16_1"
    case wideResNet16x2 = "wrn_16_2"
    case wideResNet40x1 = "wrn_40_1"
    case wideResNet40x2 = "wrn_40_2"
    case vgg8, vgg11, vgg13, vgg16, vgg19
    case mobileNetV2 = "MobileNetV2"
    case shuffleV1 = "ShuffleV1"
    case shuffleV2 = "ShuffleV2"
    case resNet18 = "ResNet18"
    case resNet34 = "ResNet34"
    case resNet50 = "ResNet50"

    /// Makes the network with fresh weights.
    ///
    /// - Parameters:
    ///   - classCount: the number of logits.
    ///   - generator: the source of the initial weights.
    /// - Returns: the network in training mode, on the CPU.
    public func make(classCount: Int, generator: Generator) -> any Backbone {
        func resnet(_ depth: Int, _ widths: [Int] = [16, 16, 32, 64]) -> any Backbone {
            CIFARResNet(depth: depth, widths: widths, classCount: classCount, generator: generator)
        }
        func wide(_ depth: Int, _ widening: Int) -> any Backbone {
            WideResNet(
                depth: depth, widening: widening, classCount: classCount, generator: generator)
        }
        func vgg(_ counts: [Int]) -> any Backbone {
            VGG(counts: counts, classCount: classCount, generator: generator)
        }
        func large(_ counts: [Int], bottleneck: Bool) -> any Backbone {
            ResNet(
                counts: counts, bottleneck: bottleneck, classCount: classCount,
                generator: generator)
        }
        let quadruple = [32, 64, 128, 256]
        return switch self {
        case .resnet8: resnet(8)
        case .resnet14: resnet(14)
        case .resnet20: resnet(20)
        case .resnet32: resnet(32)
        case .resnet44: resnet(44)
        case .resnet56: resnet(56)
        case .resnet110: resnet(110)
        case .resnet8x4: resnet(8, quadruple)
        case .resnet32x4: resnet(32, quadruple)
        case .wideResNet16x1: wide(16, 1)
        case .wideResNet16x2: wide(16, 2)
        case .wideResNet40x1: wide(40, 1)
        case .wideResNet40x2: wide(40, 2)
        case .vgg8: vgg([1, 1, 1, 1, 1])
        case .vgg11: vgg([1, 1, 2, 2, 2])
        case .vgg13: vgg([2, 2, 2, 2, 2])
        case .vgg16: vgg([2, 2, 3, 3, 3])
        case .vgg19: vgg([2, 2, 4, 4, 4])
        case .mobileNetV2:
            MobileNetV2(width: 0.5, classCount: classCount, generator: generator)
        case .shuffleV1: ShuffleNetV1(classCount: classCount, generator: generator)
        case .shuffleV2: ShuffleNetV2(classCount: classCount, generator: generator)
        case .resNet18: large([2, 2, 2, 2], bottleneck: false)
        case .resNet34: large([3, 4, 6, 3], bottleneck: false)
        case .resNet50: large([3, 4, 6, 3], bottleneck: true)
        }
    }
}
