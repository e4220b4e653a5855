import Basics
import ImageFiles
import ImageFolders

extension Dataset {
    /// One's own photographs, in a folder for each class.
    public static let folder = photographs("folder")

    /// ImageNet (ILSVRC 2012), as it is published or in shards.
    public static let imagenet = photographs(
        "imagenet",
        facts: Facts(trainingImages: 1_281_167, testImages: 50_000, classCount: 1000))

    private static func photographs(_ name: String, facts: Facts? = nil) -> Dataset {
        Dataset(name: name, normalization: .imagenet, facts: facts, hasPhotographs: true) {
            let folder = ImageFolder($0.directory ?? ".", progress: $0.progress)
            let listing = try folder.list($0.split == .train ? .train : .val)
            listing.remarks.forEach($0.remark)
            return PhotographSource(
                listing.list, settings: $0.photographs, reading: $0.reading, device: $0.device,
                remark: $0.remark)
        }
    }
}

extension Normalization {
    /// ImageNet's statistics, as torchvision's networks take them.
    public static let imagenet = Normalization(
        mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225])
}
