import Basics
import Foundation
import TensorFiles
import TensorFilesTestSupport
import Testing
import Torch
import TorchNN
import VisionModels

@testable import NetworkFiles

/// Names and company in which a network's weights come.
struct Surroundings: Sendable, CustomTestStringConvertible {
    /// What comes out.
    enum Outcome: Sendable {
        /// The weights, with remarks that have these words; without words no remark.
        case read([String])
        /// An error with these words.
        case refused([String])
    }

    /// What the page on weights calls it.
    let title: String
    let outcome: Outcome
    /// Makes the value of a checkpoint from the weights of a resnet8.
    let value: @Sendable ([TensorEntry]) -> OldCheckpointWriter.Value

    var testDescription: String { title }

    /// Its row of the page on weights.
    var row: String {
        switch outcome {
        case .read(let words):
            "| \(title) | read"
                + words.enumerated().map { ($0 == 0 ? ": " : "; ") + "“\($1)”" }.joined() + " |"
        case .refused(let words):
            "| \(title) | refused: " + words.map { "“\($0)”" }.joined(separator: "; ") + " |"
        }
    }

    init(
        _ title: String, read words: String...,
        value: @escaping @Sendable ([TensorEntry]) -> OldCheckpointWriter.Value
    ) {
        self.init(title, .read(words), value: value)
    }

    init(
        _ title: String, refused words: String...,
        value: @escaping @Sendable ([TensorEntry]) -> OldCheckpointWriter.Value
    ) {
        self.init(title, .refused(words), value: value)
    }

    private static func prefixed(_ prefix: String) -> Surroundings {
        let taken = prefix.replacing("_orig_mod.", with: "")
        let words = [
            taken.isEmpty ? nil : "took the prefix '\(taken)' off the names",
            taken == prefix ? nil : "took '_orig_mod.', which torch.compile adds, out of the names",
        ]
        return Surroundings("the prefix `\(prefix)`", .read(words.compactMap(\.self))) {
            .tensors(renamed($0) { prefix + $0 })
        }
    }

    private init(
        _ title: String, _ outcome: Outcome,
        value: @escaping @Sendable ([TensorEntry]) -> OldCheckpointWriter.Value
    ) {
        self.title = title
        self.value = value
        self.outcome = outcome
    }

    static func renamed(
        _ entries: [TensorEntry], _ name: (String) -> String
    ) -> [TensorEntry] {
        entries.map { entry in
            var entry = entry
            entry.name = name(entry.name)
            return entry
        }
    }

    private static func one(_ name: String) -> TensorEntry {
        TensorEntry(name: name, elementType: .float32, shape: [1], bytes: Data(count: 4))
    }

    private static func zeros(_ entries: [TensorEntry]) -> [TensorEntry] {
        entries.map { entry in
            var entry = entry
            entry.bytes = Data(count: entry.bytes.count)
            return entry
        }
    }

    /// The weights of a deeper network, among which there are all names and shapes of a resnet8.
    private static let deeper = Architecture.resnet14.make(
        classCount: 3, generator: Generator(seed: 9)
    )
    .stateDict().map(\.entry)

    private static func compiled(_ entry: TensorEntry) -> TensorEntry {
        renamed([entry]) { "_orig_mod.\($0)" }[0]
    }

    static let all: [Surroundings] =
        [
            "module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module.", "model.",
            "module.student.", "architecture.backbone.", "net.0.",
        ].map(prefixed) + [
            Surroundings(
                "`module.` and one stray entry", read: "took the prefix 'module.' off the names",
                "left out 1 entry that the network does not have: n_averaged"
            ) { .tensors(renamed($0) { "module.\($0)" } + [one("n_averaged")]) },
            Surroundings(
                "a profiler's counters",
                read: "left out 3 entries that the network does not have: total_ops, total_params, "
                    + "layer1.0.total_ops"
            ) {
                .tensors($0 + [one("total_ops"), one("total_params"), one("layer1.0.total_ops")])
            },
            Surroundings(
                "a further head that no model has",
                read: "left out 1 entry that the network does not have: auxiliary.weight"
            ) { .tensors($0 + [one("auxiliary.weight")]) },
            Surroundings(
                "a student beside its ABF blocks",
                read: "took the prefix 'module.student.' off the names",
                "left out 1 entry that the network does not have: module.abfs.0.conv1.weight"
            ) {
                .tensors(
                    renamed($0) { "module.student.\($0)" } + [one("module.abfs.0.conv1.weight")])
            },
            Surroundings(
                "raw weights beside averaged ones",
                read:
                    "took the weights under state_dict; averaged ones that fit stand under "
                    + "state_dict_ema, to be taken with the key 'state_dict_ema'"
            ) {
                .dictionary([
                    ("epoch", .integer(3)), ("state_dict_ema", .tensors(zeros($0))),
                    ("state_dict", .tensors($0)),
                ])
            },
            Surroundings(
                "raw weights beside averaged ones in one dictionary",
                read:
                    "took the weights under student; averaged ones that fit stand under ema, to be taken "
                    + "with the key 'ema'",
                "took the prefix 'student.' off the names",
                "left out 56 entries that the network does not have: ema.conv1.weight, ema.bn1.weight, "
                    + "ema.bn1.bias, …"
            ) { entries in
                .tensors(
                    renamed(zeros(entries)) { "ema.\($0)" } + renamed(entries) { "student.\($0)" })
            },
            Surroundings("a deeper network under a preferred key", .read([])) {
                .dictionary([("model", .tensors(deeper)), ("student", .tensors($0))])
            },
            Surroundings(
                "a deeper network before it in one dictionary",
                read: "took the prefix 'student.' off the names",
                "left out 92 entries that the network does not have: t.conv1.weight, t.bn1.weight, "
                    + "t.bn1.bias, …"
            ) { .tensors(renamed(deeper) { "t.\($0)" } + renamed($0) { "student.\($0)" }) },
            Surroundings(
                "the prefix `architecture.backbone.`, and `architecture.head.` before the last layer",
                read:
                    "took the prefixes 'architecture.backbone.' and 'architecture.head.' off the names"
            ) { entries in
                .tensors(
                    renamed(entries) {
                        "architecture." + ($0.hasPrefix("fc.") ? "head." : "backbone.") + $0
                    })
            },
            Surroundings(
                "the same name twice but for `_orig_mod.`",
                refused: "1 unexpected key(s)", "unexpected: _orig_mod.fc.bias"
            ) { .tensors(zeros([$0.last ?? one("fc.bias")]).map(compiled) + $0) },
            Surroundings(
                "a parameter more inside its own layers", refused: "unexpected: layer1.0.gamma"
            ) { .tensors($0 + [one("layer1.0.gamma")]) },
            Surroundings(
                "weight_norm",
                refused: "they are normalised (weight_norm): undo that with "
                    + "torch.nn.utils.remove_weight_norm"
            ) {
                .tensors(
                    renamed($0) { $0 == "fc.weight" ? "fc.weight_v" : $0 } + [one("fc.weight_g")])
            },
            Surroundings(
                "spectral_norm",
                refused: "they are normalised (spectral_norm): undo that with "
                    + "torch.nn.utils.remove_spectral_norm"
            ) {
                .tensors(
                    renamed($0) { $0 == "fc.weight" ? "fc.weight_orig" : $0 } + [
                        one("fc.weight_u"), one("fc.weight_v"),
                    ])
            },
            Surroundings(
                "parametrizations",
                refused: "they are parametrized (weight_norm, spectral_norm or another): undo that "
                    + "with torch.nn.utils.parametrize.remove_parametrizations"
            ) {
                .tensors(
                    renamed($0) {
                        $0 == "fc.weight" ? "fc.parametrizations.weight.original" : $0
                    } + [one("fc.parametrizations.weight.0._u")])
            },
            Surroundings(
                "pruning",
                refused: "they are pruned: make that permanent with torch.nn.utils.prune.remove"
            ) {
                .tensors(
                    renamed($0) { $0 == "fc.weight" ? "fc.weight_orig" : $0 } + [
                        one("fc.weight_mask")
                    ])
            },
            Surroundings(
                "folded batch norms",
                refused: "their batch norms are folded into the convolutions"
            ) { entries in
                .tensors(
                    entries.filter { !$0.name.contains(/bn\d|downsample.1/) } + [
                        one("layer1.0.conv1.bias")
                    ])
            },
            Surroundings(
                "int8 instead of floating-point numbers",
                refused:
                    "save them as plain tensors of float32 (.float(), .dequantize() or .to_dense())",
                "of another type: conv1.weight: expected floating-point numbers, found int8"
            ) { entries in
                .tensors(
                    entries.map { entry in
                        var entry = entry
                        guard entry.name == "conv1.weight" else { return entry }
                        entry.elementType = .int8
                        entry.bytes = Data(count: entry.bytes.count / 4)
                        return entry
                    })
            },
            Surroundings(
                "a sparse tensor where a weight is needed",
                refused:
                    "save them as plain tensors of float32 (.float(), .dequantize() or .to_dense())",
                "no tensors: fc.weight: a sparse tensor"
            ) { entries in
                let others = entries.filter { $0.name != "fc.weight" }
                let sparse = OldCheckpointWriter.Value.object(
                    "torch._utils\n_rebuild_sparse_tensor")
                return .dictionary([("state_dict", .mixed(others, [("fc.weight", sparse)]))])
            },
            Surroundings(
                "an object where a weight is needed",
                refused: "missing: fc.weight",
                "no tensors: fc.weight: an object of the class somewhere.Weight"
            ) { entries in
                let others = entries.filter { $0.name != "fc.weight" }
                let weight = ("fc.weight", OldCheckpointWriter.Value.object("somewhere\nWeight"))
                return .dictionary([("state_dict", .mixed(others, [weight]))])
            },
            Surroundings(
                "a layer more than the network has", refused: "unexpected: layer1.1.conv1.weight"
            ) { .tensors($0 + [one("layer1.1.conv1.weight")]) },
        ]
}
