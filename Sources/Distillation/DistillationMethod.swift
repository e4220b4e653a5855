import Torch
import VisionModels

/// What recipes can name as a method: its name, and the constants that its formula leaves open.
///
/// A method's file holds everything about it; `DistillationMethods` lists the method.
public protocol NamedMethod: SendableMetatype {
    /// The numbers that its formula leaves open.
    associatedtype Settings: Sendable, Equatable

    /// The name in recipes and records, such as `kd`.
    static var name: String { get }

    /// What the method is, in one sentence.
    static var summary: String { get }

    /// The constants as recipes write them.
    static var constants: [MethodConstant<Settings>] { get }

    /// The constants that were published for a use.
    static func published(for use: MethodUse) -> Settings
}

/// A term that recipes can name, with all that they need of it: name, constants and how it is made.
public protocol DistillationMethod: KnowledgeTerm, NamedMethod {
    /// Whether it compares stage by stage, so that unequal networks leave some of them out.
    static var comparesEveryStage: Bool { get }

    /// Makes the term.
    ///
    /// - Parameters:
    ///   - settings: the constants.
    ///   - place: the networks and images.
    /// - Throws: `DistillationError` where the networks or images do not suit the method.
    init(_ settings: Settings, in place: MethodPlace) throws
}

extension DistillationMethod {
    /// The name in recipes is the name in logs.
    public var name: String { Self.name }

    /// No.
    public static var comparesEveryStage: Bool { false }
}

/// A method that needs nothing but its constants.
public protocol PlainMethod: DistillationMethod {
    /// Makes the term.
    init(_ settings: Settings)
}

extension PlainMethod {
    /// Makes the term, the same for all networks.
    public init(_ settings: Settings, in place: MethodPlace) { self.init(settings) }
}
