import Torch

/// A trainable tensor of a module.
@propertyWrapper
public final class Parameter<Value>: TensorSlot {
    /// The tensor.
    public var wrappedValue: Value {
        // An optional property begins as nil: its tensor may come only after `init`.
        didSet { tensor?.requiresGrad = true }
    }

    let key: String?

    /// Marks a tensor as a parameter.
    ///
    /// - Parameters:
    ///   - wrappedValue: a `Tensor` or a `Tensor?`; it starts to record gradients.
    ///   - key: the key in the state dict, where it is not the property's name.
    public init(wrappedValue: Value, _ key: String? = nil) {
        self.wrappedValue = wrappedValue
        self.key = key
        tensor?.requiresGrad = true
    }

    var tensor: Tensor? { wrappedValue as? Tensor }
    var role: TensorRole { .parameter }
}

/// A tensor of a module that belongs to its state and is not trained, as a running mean.
@propertyWrapper
public final class Buffer: TensorSlot {
    /// The tensor.
    public var wrappedValue: Tensor

    let key: String?

    /// Marks a tensor as a buffer.
    ///
    /// - Parameters:
    ///   - wrappedValue: the tensor.
    ///   - key: the key in the state dict, where it is not the property's name.
    public init(wrappedValue: Tensor, _ key: String? = nil) {
        self.wrappedValue = wrappedValue
        self.key = key
    }

    var tensor: Tensor? { wrappedValue }
    var role: TensorRole { .buffer }
}

enum TensorRole { case parameter, buffer }

protocol TensorSlot: AnyObject {
    var key: String? { get }
    var tensor: Tensor? { get }
    var role: TensorRole { get }
}

/// The tensors and modules below a module, found once by reflection.
struct ModuleTree {
    struct Slot {
        let role: TensorRole
        let named: NamedTensor
    }

    private(set) var slots: [Slot] = []
    private(set) var modules: [AnyObject] = []

    init(_ root: any Module) { visit(root, prefix: "") }

    private mutating func visit(_ module: any Module, prefix: String) {
        modules.append(module)
        for child in Mirror(reflecting: module).children {
            guard let label = child.label else { continue }
            visit(child.value, label: label, prefix: prefix, owner: module)
        }
    }

    private mutating func visit(
        _ value: Any, label: String, prefix: String, owner: any Module
    ) {
        switch value {
        case let slot as any TensorSlot:
            guard let tensor = slot.tensor else { return }
            let name = prefix + (slot.key ?? snakeCase(label.dropFirst()))
            let named = NamedTensor(
                name, tensor, isOfNormalization: owner is any NormalizationLayer)
            slots.append(Slot(role: slot.role, named: named))
        case let module as any Module:
            visit(module, prefix: prefix + key(of: label, in: owner) + ".")
        case let modules as [any Module]:
            for (index, module) in modules.enumerated() {
                visit(module, prefix: "\(prefix)\(key(of: label, in: owner)).\(index).")
            }
        case let sequences as [[any Module]]:
            for (index, sequence) in sequences.enumerated() {
                for (position, module) in sequence.enumerated() {
                    let key = "\(key(of: label, in: owner)).\(index).\(position)."
                    visit(module, prefix: prefix + key)
                }
            }
        case is Tensor, is [Tensor]:
            preconditionFailure(
                "\(type(of: owner)).\(label): mark the tensor with @Parameter or @Buffer")
        default:
            visitOptional(value, label: label, prefix: prefix, owner: owner)
        }
    }

    private func key(of label: String, in owner: any Module) -> String {
        owner.stateDictKeys[label] ?? snakeCase(label[...])
    }

    private mutating func visitOptional(
        _ value: Any, label: String, prefix: String, owner: any Module
    ) {
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional:
            guard let wrapped = mirror.children.first else { return }
            visit(wrapped.value, label: label, prefix: prefix, owner: owner)
        case .collection, .dictionary, .set, .tuple:
            // A module inside a container of an unknown kind would be lost in silence.
            let holdsModules = mirror.children.contains {
                $0.value is any Module
                    || Mirror(reflecting: $0.value).children.contains { $0.value is any Module }
            }
            precondition(
                !holdsModules,
                "\(type(of: owner)).\(label): modules in a \(mirror.subjectType) are not found; "
                    + "use an array")
        default:
            return
        }
    }
}

/// `runningMean` to `running_mean`.
private func snakeCase(_ name: Substring) -> String {
    var result = ""
    for character in name {
        if character.isUppercase {
            result += "_" + character.lowercased()
        } else {
            result.append(character)
        }
    }
    return result
}
