/// Where the files of a data set in COCO's form lie: `annotations`, `train2017` and `val2017`.
public struct COCOFolder: Sendable, Equatable {
    /// A part of the data set.
    public enum Split: String, Sendable, CaseIterable {
        /// The images to train on.
        case train
        /// The images to evaluate on.
        case val
    }

    /// The folder that holds the three.
    public let path: String

    /// Names a folder, of which nothing is read.
    public init(_ path: String) { self.path = path }

    /// The file with a split's objects.
    public func annotations(of split: Split) -> String {
        "\(path)/annotations/instances_\(split.rawValue)2017.json"
    }

    /// The file of an image.
    ///
    /// - Parameters:
    ///   - name: its name in the annotations.
    ///   - split: the split that it is in.
    /// - Returns: the path.
    public func image(_ name: String, of split: Split) -> String {
        "\(path)/\(split.rawValue)2017/\(name)"
    }
}

extension COCOAnnotations {
    /// The image that a person means.
    ///
    /// - Parameter text: the name of its file, with a path before it or not, or its id.
    /// - Returns: nil where no listed image is meant.
    public func image(meantBy text: String) -> COCOImage? {
        let name = text.split(separator: "/").last ?? ""
        let named = images.first { image in
            image.fileName.map { $0 == text || $0.split(separator: "/").last == name } ?? false
        }
        return named ?? Int(text).flatMap { image(.whole($0)) } ?? image(.text(text))
    }
}
