extension Dataset {
    /// The demo's images, drawn on the spot: 4,000 to learn from, 2,000 to be judged by.
    public static let procedural = Dataset(
        name: "procedural", normalization: nil,
        facts: Facts(
            trainingImages: 4000, testImages: 2000, classCount: ProceduralImages.classNames.count),
        needsFolder: false
    ) { request in
        let size = 16
        let images =
            switch request.split {
            case .train: ProceduralImages(count: 4000, size: size, split: .train)
            case .test: ProceduralImages(count: 2000, size: size, split: .test)
            }
        return ImageSet(
            pixels: images.pixels, labels: images.labels, height: size, width: size,
            classCount: ProceduralImages.classNames.count, device: request.device)
    }
}
