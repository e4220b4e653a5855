import Basics
import Foundation

/// The images of one split with their classes: where each lies, and its class.
///
/// Held as columns, because a list of a million files has to take tens of bytes a file.
public struct ImageList: Sendable {
    /// The folder that all paths begin in.
    public let root: String

    /// The names of the classes in the order of their numbers.
    public internal(set) var classNames: [String]

    /// Folders and shards, by their paths in `root`.
    private(set) var containers: [Container] = []

    private var names: [UInt8] = []
    private var nameEnds: [UInt32] = []
    private var containerOf: [Int32] = []
    private var labels: [Int32] = []
    private var sizes: [Int] = []
    private var times: [Int64] = []

    /// Where the bytes begin in a shard; empty where no image lies in one.
    private var offsets: [Int] = []

    /// What images lie in: a folder, or a tar archive.
    struct Container: Sendable, Equatable {
        /// In the list's root, empty for the root itself.
        let path: String

        /// Whether it is a tar archive.
        let isShard: Bool
    }

    /// Where an image's bytes are.
    public struct Location: Sendable, Equatable {
        /// The file: the image itself, or the shard.
        public let file: String

        /// Where in a shard; nil for a file of its own.
        public let part: Range<Int>?
    }

    /// A list without images.
    init(root: String, classNames: [String] = []) {
        self.root = root
        self.classNames = classNames
    }

    /// The number of images.
    public var count: Int { labels.count }

    /// The number of classes.
    public var classCount: Int { classNames.count }

    /// Whether images lie in shards.
    public var isSharded: Bool { !offsets.isEmpty }

    /// The class of an image.
    public func label(_ position: Int) -> Int { Int(labels[position]) }

    /// The class of every image, by its position.
    public func allLabels() -> [Int] { labels.map(Int.init) }

    /// The positions of the images of each shard, in order; the images that lie in folders are one range.
    public var ranges: [Range<Int>] {
        var ranges: [Range<Int>] = []
        for (position, container) in containerOf.enumerated() {
            let isShard = containers[Int(container)].isShard
            if position > 0, !isShard || container == containerOf[position - 1] {
                ranges[ranges.count - 1] = ranges[ranges.count - 1].lowerBound..<(position + 1)
            } else {
                ranges.append(position..<(position + 1))
            }
        }
        return ranges
    }

    /// An image's path in `root`, for people: `n01440764/n01440764_10026.JPEG`, or `train-0.tar:key.jpg`.
    public func path(_ position: Int) -> String {
        let container = containers[Int(containerOf[position])]
        let name = String(decoding: nameBytes(position), as: UTF8.self)
        if container.isShard { return container.path + ":" + name }
        return container.path.isEmpty ? name : container.path + "/" + name
    }

    /// Where an image's bytes are.
    public func location(_ position: Int) -> Location {
        let container = containers[Int(containerOf[position])]
        guard !container.isShard else {
            let start = offsets[position]
            return Location(
                file: full(container.path), part: start..<(start + sizes[position]))
        }
        return Location(file: full(path(position)), part: nil)
    }

    /// A path with the root; a list without a root has full paths.
    private func full(_ path: String) -> String { root.isEmpty ? path : root + "/" + path }

    /// The number of an image's bytes when it was listed.
    func byteCount(_ position: Int) -> Int { sizes[position] }

    /// When an image's file, or its shard, was changed last, in nanoseconds since 1970.
    func modified(_ position: Int) -> Int64 { times[position] }

    private func nameBytes(_ position: Int) -> ArraySlice<UInt8> {
        let start = position == 0 ? 0 : Int(nameEnds[position - 1])
        return names[start..<Int(nameEnds[position])]
    }

    /// Adds a folder or shard, in which the next images lie.
    mutating func begin(_ container: Container) { containers.append(container) }

    /// Adds an image in the container that was begun last.
    ///
    /// - Parameters:
    ///   - name: in the container.
    ///   - label: its class.
    ///   - byteCount: the number of its bytes.
    ///   - modified: when it was changed last, in nanoseconds since 1970.
    ///   - offset: where its bytes begin in a shard; nil in a folder.
    mutating func add(
        _ name: some Collection<UInt8>, label: Int, byteCount: Int, modified: Int64,
        offset: Int? = nil
    ) {
        names.append(contentsOf: name)
        nameEnds.append(UInt32(names.count))
        containerOf.append(Int32(containers.count - 1))
        labels.append(Int32(label))
        sizes.append(byteCount)
        times.append(modified)
        if let offset { offsets.append(offset) }
    }

    /// Gives the images other classes.
    ///
    /// - Parameter number: the new class of an image by its position and its class so far.
    mutating func relabel(_ number: (_ position: Int, _ label: Int) throws -> Int) rethrows {
        for position in labels.indices {
            labels[position] = Int32(try number(position, Int(labels[position])))
        }
    }
}
