import Basics
import Torch
import TorchNN

/// A kind of network: its name on the command line, in recipes and in files, and how one is made.
public struct Architecture: Sendable {
    /// The name in the distillation literature, one of a kind among all architectures.
    public let name: String

    /// Height and width of the images that it is made for, in pixels.
    public let imageSize: Int

    /// How many classes the data set has that its published weights were trained on.
    public let classCount: Int

    private let makeOnDevice: @Sendable (_ classCount: Int, _ generator: Generator) -> any Backbone

    /// Describes an architecture.
    ///
    /// - Parameters:
    ///   - name: letter case does not tell names apart.
    ///   - imageSize: height and width of the images, in pixels.
    ///   - classCount: the number of classes of the data set that its published weights were trained on.
    ///   - make: makes the network in training mode; its tensors must be where new ones are made
    ///     (`Device.ofNewTensors`), as those of this package's layers are.
    public init(
        _ name: String, imageSize: Int, classCount: Int = 100,
        make: @escaping @Sendable (_ classCount: Int, _ generator: Generator) -> any Backbone
    ) {
        self.name = name
        self.imageSize = imageSize
        self.classCount = classCount
        makeOnDevice = make
    }

    /// Every architecture that can be named, group by group.
    public static let all = [cifar, imagenet].flatMap(\.self)

    /// Finds an architecture by name; letter case does not matter.
    ///
    /// - Throws: `ModelError.unknown` with the names that exist.
    public init(named name: String) throws(ModelError) {
        let wanted = name.lowercased()
        guard let found = Architecture.all.first(where: { $0.name.lowercased() == wanted })
        else { throw .unknown(name: name, known: Architecture.all.map(\.name)) }
        self = found
    }

    /// The name that was probably meant; nil where none is near.
    package static func nearestName(to name: String) -> String? {
        NearestName.find(name, among: all.map(\.name))
    }

    /// Makes a network with fresh weights, which are the same on every device.
    ///
    /// - Parameters:
    ///   - classCount: the number of logits.
    ///   - generator: the source of the initial weights, on the CPU.
    ///   - device: where it will live; on `.meta` it has shapes alone, and nothing is drawn.
    /// - Returns: the network in training mode.
    public func make(
        classCount: Int, generator: Generator, device: Device = .cpu
    ) -> any Backbone {
        guard device != .meta else {
            return withNewTensors(on: .meta) { makeOnDevice(classCount, generator) }
        }
        let network = withNewTensors(on: .cpu) { makeOnDevice(classCount, generator) }
        if device != .cpu { network.convert(device: device) }
        return network
    }
}

extension Architecture: Hashable {
    /// Whether both have one name.
    public static func == (first: Architecture, second: Architecture) -> Bool {
        first.name == second.name
    }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension Architecture: CustomStringConvertible {
    /// The name.
    public var description: String { name }
}

/// An architecture that was asked for and does not exist.
public enum ModelError: Error, Equatable, CustomStringConvertible {
    case unknown(name: String, known: [String])

    /// One sentence with the names that exist, and the one that was probably meant.
    public var description: String {
        switch self {
        case .unknown(let name, let known):
            "model '\(name)' is unknown; expected one of \(known.joined(separator: ", "))"
                + (NearestName.find(name, among: known).map { "; did you mean \"\($0)\"?" } ?? "")
        }
    }
}
