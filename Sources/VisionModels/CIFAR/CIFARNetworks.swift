import TorchNN

extension Architecture {
    /// The networks for CIFAR-sized images, by their names in the distillation literature.
    package static let cifar: [Architecture] = [
        resnet("resnet8", depth: 8),
        resnet("resnet14", depth: 14),
        resnet("resnet20", depth: 20),
        resnet("resnet32", depth: 32),
        resnet("resnet44", depth: 44),
        resnet("resnet56", depth: 56),
        resnet("resnet110", depth: 110),
        resnet("resnet8x4", depth: 8, widths: [32, 64, 128, 256]),
        resnet("resnet32x4", depth: 32, widths: [32, 64, 128, 256]),
        wide("wrn_16_1", depth: 16, widening: 1),
        wide("wrn_16_2", depth: 16, widening: 2),
        wide("wrn_40_1", depth: 40, widening: 1),
        wide("wrn_40_2", depth: 40, widening: 2),
        vgg("vgg8", [1, 1, 1, 1, 1]),
        vgg("vgg11", [1, 1, 2, 2, 2]),
        vgg("vgg13", [2, 2, 2, 2, 2]),
        vgg("vgg16", [2, 2, 3, 3, 3]),
        vgg("vgg19", [2, 2, 4, 4, 4]),
        mobile("MobileNetV2", width: 0.5),
        Architecture("ShuffleV1", imageSize: 32) { ShuffleNetV1(classCount: $0, generator: $1) },
        Architecture("ShuffleV2", imageSize: 32) { ShuffleNetV2(classCount: $0, generator: $1) },
        large("ResNet18", [2, 2, 2, 2]),
        large("ResNet34", [3, 4, 6, 3]),
        large("ResNet50", [3, 4, 6, 3], bottleneck: true),
    ]
}

// MARK: - Families

extension Architecture {
    private static func resnet(
        _ name: String, depth: Int, widths: [Int] = [16, 16, 32, 64]
    ) -> Architecture {
        Architecture(name, imageSize: 32) {
            CIFARResNet(depth: depth, widths: widths, classCount: $0, generator: $1)
        }
    }

    private static func wide(_ name: String, depth: Int, widening: Int) -> Architecture {
        Architecture(name, imageSize: 32) {
            WideResNet(depth: depth, widening: widening, classCount: $0, generator: $1)
        }
    }

    private static func vgg(_ name: String, _ counts: [Int]) -> Architecture {
        Architecture(name, imageSize: 32) { VGG(counts: counts, classCount: $0, generator: $1) }
    }

    private static func mobile(_ name: String, width: Double) -> Architecture {
        Architecture(name, imageSize: 32) {
            MobileNetV2(width: width, classCount: $0, generator: $1)
        }
    }

    private static func large(
        _ name: String, _ counts: [Int], bottleneck: Bool = false
    ) -> Architecture {
        Architecture(name, imageSize: 32) {
            ResNet(
                counts: counts, bottleneck: bottleneck, form: .cifar, classCount: $0,
                generator: $1)
        }
    }
}
