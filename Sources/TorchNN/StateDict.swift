import Torch

/// Weights that do not fit a module.
public struct StateDictError: Error, Equatable, CustomStringConvertible {
    /// What the weights were meant for.
    public let target: String

    /// Keys that the module has and the weights lack.
    public let missing: [String]

    /// Keys that the weights have and the module lacks.
    public let unexpected: [String]

    /// Keys with another shape, each as `key: expected [..], found [..]`.
    public let misshapen: [String]

    /// Keys with values that are infinite or not numbers.
    public let notFinite: [String]

    /// Keys with numbers of another kind, each as `key: expected …, found …`.
    public let mistyped: [String]

    /// Keys under which the file has something else than a tensor, each as `key: what it is`.
    public var notTensors: [String] = []

    /// A module that the weights do fit, where one is known.
    public var fitting: String?

    /// What to do instead of using other weights, where that is known.
    public var remedy: String?

    /// That the weights are those of the module for another number of classes.
    public struct OtherClasses: Sendable, Equatable {
        /// How many classes the weights tell apart.
        public let found: Int

        /// How many the module does.
        public let expected: Int

        /// Gathers the numbers.
        public init(found: Int, expected: Int) {
            self.found = found
            self.expected = expected
        }
    }

    /// Both numbers of classes, where nothing else keeps the weights from fitting.
    public var otherClasses: OtherClasses?

    /// One sentence, then the first few keys of each kind.
    public var description: String {
        let other = fitting.map { "make a network of \($0), or use other weights" }
        return "\(problem); \(other ?? remedy ?? trainedHere ?? standardRemedy)\(details)"
    }

    /// The sentence without the remedy.
    package var problem: String {
        let counts = kinds.map { "\($0.keys.count) \($0.name)" }
        return "the weights do not fit \(target): \(counts.joined(separator: ", ")) key(s)"
            + (fitting.map { "; they are those of \($0)" } ?? "")
            + (otherClasses.map { "; they are for \($0.found) classes, expected \($0.expected)" }
                ?? "")
    }

    /// The first few keys of each kind, in a line each.
    package var details: String {
        kinds.map { name, keys in
            let rest = keys.count > 3 ? ", …" : ""
            return "\n  \(name): \(keys.prefix(3).joined(separator: ", "))\(rest)"
        }.joined()
    }

    private var kinds: [(name: String, keys: [String])] {
        [
            ("missing", missing), ("unexpected", unexpected), ("wrongly shaped", misshapen),
            ("of another type", mistyped), ("not finite", notFinite), ("no tensors", notTensors),
        ].filter { !$0.1.isEmpty }
    }

    private var trainedHere: String? {
        otherClasses.map { _ in "use weights trained on this data set" }
    }

    private var standardRemedy: String {
        let others = [missing, unexpected, misshapen, mistyped, notTensors]
        if others.allSatisfy(\.isEmpty) {
            return "they hold NaN or infinite values, as after a run that diverged: use others"
        }
        // Whatever is missing is there in another form.
        let isOfOtherNumbers =
            unexpected.isEmpty && misshapen.isEmpty && missing.count == notTensors.count
            && notTensors.allSatisfy { $0.contains(Self.otherNumbers) }
        return isOfOtherNumbers
            ? "save them as plain tensors of float32 (.float(), .dequantize() or .to_dense())"
            : "use weights of this architecture"
    }
}

extension StateDictError {
    /// What the reader of files calls a tensor whose numbers a network of ours cannot take as they are.
    fileprivate static var otherNumbers: Regex<Substring> {
        /: a (?:sparse tensor|quantized tensor|tensor in a |tensor of the type )/
    }
}

extension NamedTensor {
    /// Whether this counts the batches that a batch norm has seen, which no forward pass needs.
    package var isBatchCounter: Bool { name.hasSuffix("num_batches_tracked") }
}

extension Array where Element == NamedTensor {
    /// Copies the tensors of this state dict into those of `destination`, in place and strictly.
    ///
    /// Counters of seen batches may be missing, as in checkpoints older than PyTorch 0.4.1, or have
    /// the shape `[1]`, as some converters write them. Nothing is copied unless everything fits.
    ///
    /// - Parameters:
    ///   - destination: the state dict of a live module.
    ///   - target: what it is the state of, for the error.
    /// - Throws: `StateDictError` with every key that is missing, unexpected or wrongly shaped.
    public func copy(into destination: [NamedTensor], of target: String) throws(StateDictError) {
        let given = try check(fits: destination, of: target)
        withoutGrad {
            for entry in destination {
                guard let tensor = given[entry.name] else { continue }
                _ = entry.tensor.copy(from: tensor.reshape(entry.tensor.shape))
            }
        }
        forgetConvertedWeights()
    }

    /// Makes sure that the tensors of this state dict could be copied into those of `destination`.
    ///
    /// - Parameters:
    ///   - destination: the state dict of a module, which may be on `.meta`.
    ///   - target: what it is the state of, for the error.
    /// - Returns: the tensors of this state dict by their keys.
    /// - Throws: `StateDictError` with every key that is missing, unexpected or wrongly shaped.
    @discardableResult
    public func check(
        fits destination: [NamedTensor], of target: String
    ) throws(StateDictError) -> [String: Tensor] {
        let given = Dictionary(map { ($0.name, $0.tensor) }, uniquingKeysWith: { $1 })
        let wanted = Set(destination.map(\.name))
        var missing: [String] = []
        var misshapen: [String] = []
        var mistyped: [String] = []
        var notFinite: [String] = []
        for entry in destination {
            let isCounter = entry.isBatchCounter
            guard let tensor = given[entry.name] else {
                if !isCounter { missing.append(entry.name) }
                continue
            }
            if tensor.shape != entry.tensor.shape, !(isCounter && tensor.count == 1) {
                misshapen.append(
                    "\(entry.name): expected \(entry.tensor.shape), found \(tensor.shape)")
            } else if entry.tensor.dtype.isFloatingPoint, !tensor.dtype.isFloatingPoint {
                // Plain numbers of a quantised network would be read without their scales.
                mistyped.append(
                    "\(entry.name): expected floating-point numbers, found \(tensor.dtype)")
            } else if tensor.dtype.isFloatingPoint, tensor.isFinite().all().item() != 1 {
                notFinite.append(entry.name)
            }
        }
        let unexpected = map(\.name).filter { !wanted.contains($0) }
        guard missing.isEmpty, unexpected.isEmpty, misshapen.isEmpty, mistyped.isEmpty,
            notFinite.isEmpty
        else {
            throw StateDictError(
                target: target, missing: missing, unexpected: unexpected, misshapen: misshapen,
                notFinite: notFinite, mistyped: mistyped)
        }
        return given
    }

    /// The place of the first tensor in which an entry is infinite or no number.
    public var firstNotFinite: Int? {
        firstIndex { $0.tensor.dtype.isFloatingPoint && $0.tensor.isFinite().all().item() != 1 }
    }

    /// The entries below `prefix`, without it.
    public func entries(below prefix: String) -> [NamedTensor] {
        compactMap { entry in
            guard entry.name.hasPrefix(prefix + ".") else { return nil }
            return NamedTensor(String(entry.name.dropFirst(prefix.count + 1)), entry.tensor)
        }
    }
}

extension Module {
    /// Overwrites this module's parameters and buffers, strictly.
    ///
    /// - Parameters:
    ///   - stateDict: tensors under PyTorch's keys.
    ///   - name: the module's name, for the error.
    /// - Throws: `StateDictError` with every key that is missing, unexpected or wrongly shaped.
    public func load(
        stateDict: [NamedTensor], named name: String? = nil
    ) throws(StateDictError) {
        try stateDict.copy(into: self.stateDict(), of: name ?? "\(type(of: self))")
    }
}
