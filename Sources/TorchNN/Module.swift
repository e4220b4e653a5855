import Torch

/// A network or a part of one: parameters, buffers and parts.
///
/// A module is a final class. Its tensors are properties marked `@Parameter` or `@Buffer`, its parts
/// are properties that hold modules, arrays of modules or optional modules. State-dict keys are the
/// properties' names in snake case, joined by dots, as in PyTorch, so that published weights load
/// unrenamed.
///
/// Training or evaluation mode is state of the modules that differ (`BatchNorm2d`), so that a
/// teacher and a student can be in different modes within one step.
///
/// Its forward pass is its own: what it takes and gives differs from module to module.
public protocol Module: AnyObject {
    /// The state-dict keys of properties whose published name is not theirs in snake case.
    var stateDictKeys: [String: String] { get }
}

extension Module {
    /// Every property has its own name in snake case.
    public var stateDictKeys: [String: String] { [:] }
}

/// A module from one tensor to another.
public protocol Layer: Module {
    /// The forward pass.
    func callAsFunction(_ input: Tensor) -> Tensor
}

/// A module that normalises what it takes, as a batch norm does.
public protocol NormalizationLayer: Module {}

/// A module that behaves differently in training and in evaluation.
public protocol ModeDependent: AnyObject {
    /// Whether the module is in training mode.
    var training: Bool { get set }
}

/// A tensor with its key in the state dict.
public struct NamedTensor: Sendable {
    /// The key, as `layer1.0.conv1.weight`.
    public let name: String

    /// The tensor itself, not a copy.
    public let tensor: Tensor

    /// Whether it belongs to a layer that normalises, which optimizers may treat in another way.
    public let isOfNormalization: Bool

    /// Pairs a key with a tensor.
    public init(_ name: String, _ tensor: Tensor, isOfNormalization: Bool = false) {
        self.name = name
        self.tensor = tensor
        self.isOfNormalization = isOfNormalization
    }

    /// The same tensor under a key that begins with `prefix` and a dot.
    public func prefixed(_ prefix: String) -> NamedTensor {
        NamedTensor("\(prefix).\(name)", tensor, isOfNormalization: isOfNormalization)
    }
}

extension Module {
    /// The trainable tensors in the order of their declaration.
    public func parameters() -> [NamedTensor] {
        ModuleTree(self).slots.filter { $0.role == .parameter }.map(\.named)
    }

    /// Parameters and buffers in the order of their declaration, under PyTorch's keys.
    public func stateDict() -> [NamedTensor] { ModuleTree(self).slots.map(\.named) }

    /// Switches to training mode: batch norms use and track the batch's statistics.
    public func train() { setMode(training: true) }

    /// Switches to evaluation mode: batch norms use their running statistics.
    public func eval() { setMode(training: false) }

    private func setMode(training: Bool) {
        for case let module as any ModeDependent in ModuleTree(self).modules {
            module.training = training
        }
    }

    /// Moves or converts every floating-point tensor, in place.
    ///
    /// - Parameters:
    ///   - dtype: the new type of parameters and buffers; unchanged when left out.
    ///   - device: where they go; unchanged when left out.
    ///   - format: the layout of four-dimensional parameters.
    public func convert(
        dtype: DType? = nil, device: Device? = nil, format: MemoryFormat? = nil
    ) {
        withoutGrad {
            for entry in stateDict() {
                var data = entry.tensor.detach()
                if let dtype, data.dtype.isFloatingPoint { data = data.to(dtype) }
                if let device { data = data.to(device) }
                if let format, data.rank == 4 { data = data.contiguous(format) }
                entry.tensor.replaceData(with: data)
            }
        }
    }

    /// Stops or starts the recording of gradients for every parameter.
    public func setRequiresGrad(_ requiresGrad: Bool) {
        for parameter in parameters() { parameter.tensor.requiresGrad = requiresGrad }
    }

    /// Where it lives: the device of its first parameter, the CPU without any.
    public var device: Device { parameters().first?.tensor.device ?? .cpu }

    /// The number of trainable numbers.
    public var parameterCount: Int { parameters().reduce(0) { $0 + $1.tensor.count } }
}
