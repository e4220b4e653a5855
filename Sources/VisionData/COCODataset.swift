extension Dataset {
    /// COCO 2017: everyday scenes with objects of 80 kinds, for detectors.
    ///
    /// `DetectionData` reads it.
    public static let coco = Dataset(
        name: "coco", normalization: .imagenet,
        facts: Facts(trainingImages: 118_287, testImages: 5000, classCount: 80), hasObjects: true
    ) { _ in throw DatasetError.hasObjects(dataset: "coco") }
}
