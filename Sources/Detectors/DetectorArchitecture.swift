import Basics
import Torch
import TorchNN
import VisionModels

/// A kind of detector: its name on the command line, in recipes and in files, and how one is made.
public struct DetectorArchitecture: Sendable, Hashable {
    /// What the detector is, whatever its bottom-up network.
    public enum Family: String, Sendable, CaseIterable {
        case fasterRCNN = "faster_rcnn"
        case maskRCNN = "mask_rcnn"
        case retinaNet = "retinanet"
    }

    /// What the detector is.
    public let family: Family

    /// Its bottom-up network.
    public let bottomUp: BottomUpKind

    /// The name, such as `faster_rcnn_R50`; letter case does not tell names apart.
    public var name: String { "\(family.rawValue)_\(bottomUp.rawValue)" }

    /// Whether it has masks.
    public var hasMasks: Bool { family == .maskRCNN }

    /// Whether it judges regions one by one, so that methods can compare what two detectors say of them.
    public var judgesRegions: Bool { family != .retinaNet }

    /// Every detector that can be named, family by family.
    public static let all = Family.allCases.flatMap { family in
        BottomUpKind.allCases.filter { family != .retinaNet || $0 != .mobileNetV2 }
            .map { DetectorArchitecture(family: family, bottomUp: $0) }
    }

    private init(family: Family, bottomUp: BottomUpKind) {
        self.family = family
        self.bottomUp = bottomUp
    }

    /// Finds a detector by name; letter case does not matter.
    ///
    /// - Throws: `ModelError.unknown` with the names that exist.
    public init(named name: String) throws(ModelError) {
        let wanted = name.lowercased()
        guard let found = Self.all.first(where: { $0.name.lowercased() == wanted })
        else { throw .unknown(name: name, known: Self.all.map(\.name)) }
        self = found
    }

    /// Makes a detector with fresh weights, which are the same on every device.
    ///
    /// - Parameters:
    ///   - settings: all numbers that are not weights.
    ///   - generator: the source of the initial weights, on the CPU.
    ///   - device: where it will live; on `.meta` it has shapes alone, and nothing is drawn.
    /// - Returns: the detector in training mode.
    public func make(
        settings: DetectorSettings = DetectorSettings(), generator: Generator,
        device: Device = .cpu
    ) -> any Detector {
        func make() -> any Detector {
            switch family {
            case .fasterRCNN: RCNN(bottomUp, settings: settings, generator: generator)
            case .maskRCNN:
                RCNN(bottomUp, hasMasks: true, settings: settings, generator: generator)
            case .retinaNet: RetinaNet(bottomUp, settings: settings, generator: generator)
            }
        }
        guard device != .meta else { return withNewTensors(on: .meta, make) }
        let detector = withNewTensors(on: .cpu, make)
        if device != .cpu { detector.convert(device: device) }
        return detector
    }
}

extension DetectorArchitecture: CustomStringConvertible {
    /// The name.
    public var description: String { name }
}
