import Basics
import TensorFiles
import Torch
import TorchNN
import VisionModels

/// Of the tensors in a file, those that fit a network best, under the network's names.
struct FittingWeights {
    /// One set of a file's tensors behind one prefix.
    private struct Candidate {
        let file: WeightFile
        let match: NameMatch
        /// The file's names below the prefix that no model has.
        let strange: Set<String>
        /// How many names are missing, too many, of another shape or of plain integers.
        let misfits: Int

        /// Whether the key or the prefix says that these are a running mean of the weights.
        var isAveraged: Bool {
            file.isAveraged
                || match.prefix.lowercased().split(separator: ".").contains {
                    $0 == "ema" || $0 == "swa" || $0.contains("ema_") || $0.contains("_ema")
                        || $0.contains("averag")
                }
        }

        /// What a `WeightsKey` takes for these weights; nil where nothing stands before the names.
        var key: String? {
            let parts = [file.key, match.prefix.isEmpty ? nil : String(match.prefix.dropLast())]
            let key = parts.compactMap(\.self).joined(separator: ".")
            return key.isEmpty ? nil : key
        }
    }

    private let chosen: Candidate
    private let alternatives: [Candidate]

    /// Chooses among a file's sets, and in each among the prefixes.
    ///
    /// - Parameters:
    ///   - files: at least one set, the preferred one first.
    ///   - wanted: the state dict of what they are to fit.
    ///   - parts: the first parts of the names of every network's tensors.
    init(
        _ files: [WeightFile], for wanted: [NamedTensor],
        parts: Set<String> = StrangeNames.partsOfModels
    ) {
        let counters = wanted.filter(\.isBatchCounter).map(\.name)
        let weights = wanted.filter { !$0.isBatchCounter }
        let required = weights.map(\.name)
        let shapes = Dictionary(
            weights.map { ($0.name, $0.tensor.shape) }, uniquingKeysWith: { $1 })
        let all = files.flatMap { file in
            NameMatch.all(file.entries.map(\.name), required: required, optional: counters).map {
                Self.candidate(file, $0, shapes, parts)
            }
        }
        let fitting = all.filter { $0.misfits == 0 }
        // Raw weights go before averaged ones, then the order of the file's sets counts, and in each the
        // shorter prefix, so that none is taken off where none needs to be.
        let ranked = fitting.enumerated().sorted { first, second in
            let (one, other) = (first.element, second.element)
            if one.isAveraged != other.isAveraged { return !one.isAveraged }
            guard one.file.key == other.file.key else { return first.offset < second.offset }
            return one.match.prefix.count < other.match.prefix.count
        }.map(\.element)
        let best = ranked.first ?? all.min { $0.misfits < $1.misfits }
        chosen =
            best
            ?? Self.candidate(
                WeightFile(entries: []), NameMatch([], required: required), shapes, parts)
        alternatives = Array(ranked.dropFirst())
    }

    private static func candidate(
        _ file: WeightFile, _ match: NameMatch, _ shapes: [String: [Int]], _ parts: Set<String>
    ) -> Candidate {
        let own = inverse(match)
        let wrong = file.entries.count { entry in
            guard let name = own[entry.name], let shape = shapes[name] else { return false }
            return shape != entry.shape || !entry.elementType.isFloatingPoint
        }
        let strange =
            match.isComplete
            ? match.unexpected.filter {
                StrangeNames.contains(match.withoutPrefix($0), parts: parts)
            } : []
        return Candidate(
            file: file, match: match, strange: Set(strange),
            misfits: match.missing.count + wrong + match.unexpected.count - strange.count)
    }

    /// The network's names by the file's.
    private static func inverse(_ match: NameMatch) -> [String: String] {
        Dictionary(match.names.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
    }

    /// The tensors under the network's names; what is not to be left out keeps its own.
    var stateDict: [NamedTensor] {
        let match = chosen.match
        let own = Self.inverse(match)
        let leftOut = chosen.strange.union(match.isComplete ? match.outside : [])
        return chosen.file.entries.compactMap { entry in
            guard !leftOut.contains(entry.name) else { return nil }
            var entry = entry
            // A name that stands there a second time must not take the place of the first.
            let name = match.withoutPrefix(entry.name)
            entry.name = own[entry.name] ?? (match.names[name] == nil ? name : entry.name)
            return NamedTensor(entry)
        }
    }

    /// What a user should know about what was taken, each in a sentence.
    ///
    /// - Parameter path: the file.
    /// - Returns: none where the file holds these weights alone, under the network's names.
    func remarks(of path: String) -> [WeightsRemark] {
        let others = alternatives.prefix(3).map {
            WeightsRemark.Other(key: $0.key, isAveraged: $0.isAveraged)
        }
        let place = chosen.key.map { "under \($0.shown)" } ?? "of the outermost dictionary"
        let taken = WeightsRemark(path: path, "took the weights \(place)", others: others)
        return (others.isEmpty ? [] : [taken]) + remarks.map { WeightsRemark(path: path, $0) }
    }

    /// What was done to the names.
    private var remarks: [String] {
        let (file, match) = (chosen.file, chosen.match)
        var remarks: [String] = []
        let prefixes = [match.prefix, match.secondPrefix ?? ""].filter { !$0.isEmpty }
        if !prefixes.isEmpty {
            remarks.append(
                "took the prefix\(prefixes.count > 1 ? "es" : "") "
                    + prefixes.map { "'\($0)'" }.joined(separator: " and ") + " off the names")
        }
        if file.entries.contains(where: { $0.name != NameMatch.withoutCompiled($0.name) }) {
            remarks.append("took '_orig_mod.', which torch.compile adds, out of the names")
        }
        // Beside a key's dictionary stand the script's own matters; in it, everything is worth a word.
        let others = file.key == nil ? [] : file.others.keys.sorted()
        let leftOut = file.entries.map(\.name).filter {
            chosen.strange.contains($0) || match.outside.contains($0)
        }
        if let text = Self.remark(leftOut: leftOut.map(match.withoutPrefix) + others) {
            remarks.append(text)
        }
        return remarks
    }

    private static func remark(leftOut names: [String]) -> String? {
        guard !names.isEmpty else { return nil }
        return
            "left out \(names.count) entr\(names.count == 1 ? "y" : "ies") that the network does not "
            + "have: \(names.prefix(3).joined(separator: ", "))\(names.count > 3 ? ", …" : "")"
    }

    /// What stands under keys that the network needs and that have no tensor.
    func notTensors(under keys: [String]) -> [String] {
        let others = Dictionary(
            chosen.file.others.map { (NameMatch.withoutCompiled($0.key), $0.value) },
            uniquingKeysWith: { first, _ in first })
        return keys.compactMap { key in
            (others[chosen.match.prefix + key] ?? others[key]).map { "\(key): \($0)" }
        }
    }

    /// What to do with weights that do not fit, where their names tell.
    var remedy: String? {
        let names = chosen.file.entries.map(\.name)
        func any(_ endings: String...) -> Bool {
            names.contains { name in endings.contains { name.hasSuffix($0) } }
        }
        if names.contains(where: { $0.split(separator: ".").contains("parametrizations") }) {
            return "they are parametrized (weight_norm, spectral_norm or another): undo that with "
                + "torch.nn.utils.parametrize.remove_parametrizations, and save them again"
        }
        if any(".weight_orig"), any(".weight_u", ".weight_v") {
            return "they are normalised (spectral_norm): undo that with "
                + "torch.nn.utils.remove_spectral_norm, and save them again"
        }
        if any(".weight_g", ".weight_v") {
            return "they are normalised (weight_norm): undo that with "
                + "torch.nn.utils.remove_weight_norm, and save them again"
        }
        if any("_orig", "_mask") {
            return
                "they are pruned: make that permanent with torch.nn.utils.prune.remove, and save them "
                + "again"
        }
        let match = chosen.match
        if !any(".running_mean"), match.missing.contains(where: { $0.hasSuffix(".running_mean") }),
            match.unexpected.contains(where: { $0.hasSuffix(".bias") })
        {
            return
                "their batch norms are folded into the convolutions, as for deployment; use the weights "
                + "from before that"
        }
        return nil
    }
}

/// Names of entries that stand among weights and belong to no network.
enum StrangeNames {
    /// What profilers count, and what modules keep beside their tensors.
    private static let counters: Set<String> = ["total_ops", "total_params", "_extra_state"]

    /// Whether no model has such an entry: a profiler's counter, an epoch, a further head.
    ///
    /// Whatever else stands inside a part that some model has is none of these, because a network that has it
    /// computes something else.
    ///
    /// - Parameters:
    ///   - name: without the file's prefix.
    ///   - known: the first parts of the names of every network's tensors.
    /// - Returns: whether it may be left out.
    static func contains(_ name: String, parts known: Set<String>) -> Bool {
        let parts = name.split(separator: ".").map(String.init)
        guard parts.count > 1, let last = parts.last else { return true }
        return counters.contains(last) || !known.contains(parts[0])
    }

    /// The first parts of the names of every model's tensors.
    static let partsOfModels: Set<String> = {
        var parts: Set<String> = []
        for model in Architecture.all {
            for entry in model.facts(classCount: 2).stateDict {
                if let first = entry.name.split(separator: ".").first {
                    parts.insert(String(first))
                }
            }
        }
        return parts
    }()
}
