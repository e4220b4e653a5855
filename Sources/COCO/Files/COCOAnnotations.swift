/// Which parts of the objects in a file are read; the others are passed over.
public struct COCOParts: OptionSet, Sendable {
    /// The bits.
    public let rawValue: Int

    /// Takes the bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// The boxes.
    public static let boxes = COCOParts(rawValue: 1)

    /// The masks.
    public static let masks = COCOParts(rawValue: 2)
}

/// The images, categories and objects of a file such as `instances_val2017.json`.
///
/// An image or category that is listed again counts once, as it is listed last.
public struct COCOAnnotations: Sendable {
    /// Where it was read.
    public let path: String

    /// The images, in the order of the file.
    public let images: [COCOImage]

    /// The categories in the order of their ids, so that the position is the number of the class.
    public let categories: [COCOCategory]

    /// The objects, in the order of the file.
    public let annotations: [COCOAnnotation]

    private let imagePositions: [COCOIdentifier: Int]
    private let classes: [COCOIdentifier: Int]

    /// The positions of the objects, image after image, and where those of each image begin.
    private let byImage: [Int]
    private let starts: [Int]

    /// Gathers images, categories and objects.
    ///
    /// - Parameters:
    ///   - path: how errors call the whole.
    ///   - images: the images.
    ///   - categories: the categories, in any order.
    ///   - annotations: the objects; their images and categories need not be listed.
    public init(
        path: String, images: [COCOImage], categories: [COCOCategory],
        annotations: [COCOAnnotation]
    ) {
        self.path = path
        (self.images, imagePositions) = Self.once(images, \.id)
        (self.categories, classes) = Self.once(
            Self.once(categories, \.id).entries.sorted { $0.id < $1.id }, \.id)
        self.annotations = annotations
        let positions = imagePositions
        (byImage, starts) = Self.grouped(
            annotations.map { positions[$0.imageID] }, into: self.images.count)
    }

    /// The last one of those that share an id, and where that is.
    private static func once<Entry>(
        _ entries: [Entry], _ id: (Entry) -> COCOIdentifier
    ) -> (entries: [Entry], positions: [COCOIdentifier: Int]) {
        var positions: [COCOIdentifier: Int] = [:]
        positions.reserveCapacity(entries.count)
        for (index, entry) in entries.enumerated() { positions[id(entry)] = index }
        guard positions.count < entries.count else { return (entries, positions) }
        let last = entries.enumerated().filter { positions[id($1)] == $0 }.map(\.element)
        return once(last, id)
    }

    /// The positions of things, group after group and in order within a group, and where each group begins.
    ///
    /// - Parameters:
    ///   - groups: the group of each; those without one are left out.
    ///   - count: how many groups there are.
    /// - Returns: the positions, and the places where the groups begin, with the end of the last one.
    static func grouped(_ groups: [Int?], into count: Int) -> (order: [Int], starts: [Int]) {
        var starts = [Int](repeating: 0, count: count + 1)
        for case let group? in groups { starts[group + 1] += 1 }
        for group in 0..<count { starts[group + 1] += starts[group] }
        var order = [Int](repeating: 0, count: starts[count])
        var next = starts
        for case (let position, let group?) in zip(0..., groups) {
            order[next[group]] = position
            next[group] += 1
        }
        return (order, starts)
    }

    /// Where an image stands in `images`; nil where it is not listed.
    public func position(ofImage id: COCOIdentifier) -> Int? { imagePositions[id] }

    /// An image; nil where it is not listed.
    public func image(_ id: COCOIdentifier) -> COCOImage? { imagePositions[id].map { images[$0] } }

    /// The number of a category's class, from zero in the order of the ids; nil where it is not listed.
    public func classNumber(ofCategory id: COCOIdentifier) -> Int? { classes[id] }

    /// The positions in `annotations` of the objects of an image, in the order of the file.
    ///
    /// - Parameter position: where the image stands in `images`.
    /// - Returns: the positions.
    public func annotationPositions(ofImage position: Int) -> ArraySlice<Int> {
        byImage[starts[position]..<starts[position + 1]]
    }

    /// The objects of an image, in the order of the file; none where it is not listed.
    public func annotations(ofImage id: COCOIdentifier) -> [COCOAnnotation] {
        guard let position = imagePositions[id] else { return [] }
        return annotationPositions(ofImage: position).map { annotations[$0] }
    }
}
