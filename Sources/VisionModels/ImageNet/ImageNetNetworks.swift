import TorchNN

extension Architecture {
    /// The networks for photographs, by the names of their ancestors behind `imagenet-`, since the names of
    /// the residual networks are those of their small relatives too.
    package static let imagenet: [Architecture] = [
        resnet("imagenet-ResNet18", [2, 2, 2, 2]),
        resnet("imagenet-ResNet34", [3, 4, 6, 3]),
        resnet("imagenet-ResNet50", [3, 4, 6, 3], bottleneck: true),
        resnet("imagenet-ResNet101", [3, 4, 23, 3], bottleneck: true),
        Architecture("imagenet-MobileNetV1", imageSize: 224, classCount: 1000) {
            MobileNetV1(classCount: $0, generator: $1)
        },
    ]

    private static func resnet(
        _ name: String, _ counts: [Int], bottleneck: Bool = false
    ) -> Architecture {
        Architecture(name, imageSize: 224, classCount: 1000) {
            ResNet(
                counts: counts, bottleneck: bottleneck, form: .imageNet, classCount: $0,
                generator: $1)
        }
    }
}
