import TensorFiles
import Torch
import TorchNN
import VisionModels

/// Of the sets of tensors in a file, the one that fits a network best, under the network's names.
struct FittingWeights {
    private let file: WeightFile
    private let match: NameMatch

    /// Further sets that fit as well.
    private let alternatives: [WeightFile]

    /// The file's names that no model has.
    private let strange: [String]

    /// Chooses among a file's sets.
    ///
    /// - Parameters:
    ///   - files: at least one set, the preferred one first.
    ///   - network: what they are to fit.
    init(_ files: [WeightFile], for network: any Module) {
        let shapes = Dictionary(
            network.stateDict().map { ($0.name, $0.tensor.shape) }, uniquingKeysWith: { $1 })
        let names = network.stateDict().map(\.name)
        let required = names.filter { !Self.isCounter($0) }
        let candidates = files.map { file in
            let match = NameMatch(
                file.entries.map(\.name), required: required,
                optional: names.filter(Self.isCounter))
            return (file: file, match: match, misfits: Self.misfits(file, match, shapes))
        }
        let least = candidates.map(\.misfits).min() ?? 0
        let fitting = candidates.filter { $0.misfits == least }
        file = fitting.first?.file ?? WeightFile(entries: [])
        match = fitting.first?.match ?? NameMatch([], required: required)
        alternatives = least > 0 ? [] : fitting.dropFirst().map(\.file)
        strange = match.isComplete ? match.unexpected.filter(StrangeNames.contains) : []
    }

    /// The tensors under the network's names; what is not to be left out keeps its own.
    var stateDict: [NamedTensor] {
        let own = Dictionary(
            match.names.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
        let leftOut = Set(strange + (match.isComplete ? match.outside : []))
        return file.entries.compactMap { entry in
            var entry = entry
            entry.name = own[entry.name] ?? match.withoutPrefix(entry.name)
            return leftOut.contains(entry.name) ? nil : NamedTensor(entry)
        }
    }

    /// What a user should know about what was taken, each in a sentence.
    var remarks: [String] {
        var remarks: [String] = []
        if !alternatives.isEmpty {
            let others = alternatives.map { other in
                (other.isAveraged ? "averaged ones" : "others") + " stand "
                    + (other.key.map { "under \($0), to be taken with --weights-key \($0)" }
                        ?? "outermost")
            }
            remarks.append(
                "took the weights \(file.key.map { "under \($0)" } ?? "of the outermost dictionary"); "
                    + others.joined(separator: "; "))
        }
        if !match.prefix.isEmpty {
            let others = match.alternatives.map { $0.dropLast() }.joined(separator: ", ")
            remarks.append(
                "took the prefix '\(match.prefix)' off the names"
                    + (others.isEmpty
                        ? ""
                        : "; weights that fit stand below others too, to be taken with --weights-key: "
                            + others))
        }
        if file.entries.contains(where: { $0.name != NameMatch.withoutCompiled($0.name) }) {
            remarks.append("took '_orig_mod.', which torch.compile adds, out of the names")
        }
        let leftOut = strange + match.outside + notRead
        if !leftOut.isEmpty {
            let some = leftOut.prefix(3).joined(separator: ", ")
            remarks.append(
                "left out \(leftOut.count) entr\(leftOut.count == 1 ? "y" : "ies") that the network does "
                    + "not have: \(some)\(leftOut.count > 3 ? ", …" : "")")
        }
        return remarks
    }

    /// Entries beside the tensors of the set; beside a key's dictionary they are the script's own matter.
    private var notRead: [String] { file.key == nil ? [] : file.others.keys.sorted() }

    /// What stands under keys that the network needs and that have no tensor.
    func notTensors(under keys: [String]) -> [String] {
        let others = Dictionary(
            file.others.map { (NameMatch.withoutCompiled($0.key), $0.value) },
            uniquingKeysWith: { first, _ in first })
        return keys.compactMap { key in
            (others[match.prefix + key] ?? others[key]).map { "\(key): \($0)" }
        }
    }

    private static func misfits(
        _ file: WeightFile, _ match: NameMatch, _ shapes: [String: [Int]]
    ) -> Int {
        let own = Dictionary(
            match.names.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
        let misshapen = file.entries.count { entry in
            guard let name = own[entry.name], !isCounter(name) else { return false }
            return shapes[name] != entry.shape
        }
        return match.missingCount + misshapen
    }

    private static func isCounter(_ name: String) -> Bool { name.hasSuffix("num_batches_tracked") }
}

/// Names of entries that stand among weights and belong to no network.
enum StrangeNames {
    /// The last parts of the names of every layer's tensors.
    private static let ofLayers: Set<String> = [
        "weight", "bias", "running_mean", "running_var", "num_batches_tracked",
    ]

    /// Whether no model has such an entry: a profiler's counter, an epoch, a further head.
    ///
    /// A layer inside a part that some model has is none of these: the weights are of another model then.
    static func contains(_ name: String) -> Bool {
        let parts = name.split(separator: ".").map(String.init)
        guard let last = parts.last, ofLayers.contains(last) else { return true }
        return !partsOfModels.contains(parts[0])
    }

    /// The first parts of the names of every model's tensors.
    private static let partsOfModels: Set<String> = {
        var parts: Set<String> = []
        for model in CIFARModel.allCases {
            for entry in model.make(classCount: 2, generator: Generator(seed: 0)).stateDict() {
                if let first = entry.name.split(separator: ".").first {
                    parts.insert(String(first))
                }
            }
        }
        return parts
    }()
}
