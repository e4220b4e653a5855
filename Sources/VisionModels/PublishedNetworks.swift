/// The networks that published figures and tests name. A network of the list needs no constant here.
extension Architecture {
    package static let resnet8 = listed("resnet8")
    package static let resnet14 = listed("resnet14")
    package static let resnet20 = listed("resnet20")
    package static let resnet32 = listed("resnet32")
    package static let resnet44 = listed("resnet44")
    package static let resnet56 = listed("resnet56")
    package static let resnet110 = listed("resnet110")
    package static let resnet8x4 = listed("resnet8x4")
    package static let resnet32x4 = listed("resnet32x4")
    package static let wideResNet16x1 = listed("wrn_16_1")
    package static let wideResNet16x2 = listed("wrn_16_2")
    package static let wideResNet40x1 = listed("wrn_40_1")
    package static let wideResNet40x2 = listed("wrn_40_2")
    package static let vgg8 = listed("vgg8")
    package static let vgg13 = listed("vgg13")
    package static let vgg19 = listed("vgg19")
    package static let mobileNetV2 = listed("MobileNetV2")
    package static let shuffleV1 = listed("ShuffleV1")
    package static let shuffleV2 = listed("ShuffleV2")
    package static let resNet18 = listed("ResNet18")
    package static let resNet50 = listed("ResNet50")
    package static let imagenetResNet18 = listed("imagenet-ResNet18")
    package static let imagenetResNet34 = listed("imagenet-ResNet34")
    package static let imagenetResNet50 = listed("imagenet-ResNet50")
    package static let imagenetMobileNetV1 = listed("imagenet-MobileNetV1")

    /// The network of the list that has exactly this name.
    private static func listed(_ name: String) -> Architecture {
        guard let found = all.first(where: { $0.name == name }) else {
            preconditionFailure("Architecture: no list of networks has \(name)")
        }
        return found
    }
}
