import Basics
import Crypto
import Distillation
import Foundation
import TorchNN
import VisionData
import Yams

extension Recipe {
    /// The recipe as YAML with every default written out; decoding it gives an equal recipe.
    public var yaml: String {
        var lines: [String] = []
        var previous: ArraySlice<Substring> = []
        for (path, value) in entries {
            let keys = path.split(separator: ".")
            let sections = keys.dropLast()
            let shared = zip(sections, previous).prefix { $0 == $1 }.count
            for depth in shared..<sections.count {
                lines.append(indentation(depth) + "\(keys[depth]):")
            }
            lines.append(indentation(sections.count) + "\(keys[sections.count]): \(value)")
            previous = sections
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Compares with an earlier recipe; name and description, which decide nothing, may differ.
    ///
    /// - Parameter earlier: The recipe to compare with.
    /// - Returns: A line such as `seed: 1 was 0` for every value that differs, in the order of the file.
    public func differences(from earlier: Recipe) -> [String] {
        let new = settings
        let old = earlier.settings
        let removed = old.map(\.path).filter { path in !new.contains { $0.path == path } }
        return (new.map(\.path) + removed).compactMap { path in
            let now = new.first { $0.path == path }?.value
            let before = old.first { $0.path == path }?.value
            return now == before ? nil : "\(path): \(now ?? "absent") was \(before ?? "absent")"
        }
    }

    /// Every value that is present, by its path, in the order of the file.
    private var entries: [(path: String, value: String)] {
        let all: [(String, String?)] =
            [
                ("name", name.yaml),
                ("description", description.yaml),
                ("dataset.name", dataset.name.rawValue),
                ("dataset.normalization", dataset.normalization.yaml),
                ("dataset.augmentation.crop_padding", "\(dataset.augmentation.cropPadding)"),
                ("dataset.augmentation.flip", "\(dataset.augmentation.flip)"),
                ("validation.split", "\(validation.split)"),
                ("teacher.model", teacher?.model.yaml),
                ("teacher.batch_norm", teacher?.batchNorm.rawValue),
                ("teacher.normalization", teacher?.normalization.yaml),
                ("student.model", student.model.yaml),
            ] + method.entries + [
                ("optimizer.name", optimizer.name.rawValue),
                ("optimizer.learning_rate", "\(optimizer.learningRate)"),
                ("optimizer.momentum", "\(optimizer.momentum)"),
                ("optimizer.nesterov", "\(optimizer.nesterov)"),
                ("optimizer.weight_decay", "\(optimizer.weightDecay)"),
            ] + schedule.entries + [
                ("epochs", "\(epochs)"),
                ("batch_size", "\(batchSize)"),
                ("evaluation_batch_size", "\(evaluationBatchSize)"),
                ("seed", "\(seed)"),
                ("precision", precision?.rawValue),
            ]
        return all.compactMap { path, value in value.map { (path, $0) } }
    }

    /// The entries that decide a run: all but name and description.
    private var settings: [(path: String, value: String)] {
        entries.filter { $0.path != "name" && $0.path != "description" }
    }

    /// A digest of all that decides a run.
    package var digest: String {
        let lines = settings.map { "\($0.path): \($0.value)\n" }
        return String(SHA256.hash(data: Data(lines.joined().utf8)).hexadecimal.prefix(16))
    }

    private func indentation(_ depth: Int) -> String {
        String(repeating: "  ", count: depth)
    }
}

extension MethodSettings {
    fileprivate var entries: [(String, String?)] {
        let own: [(String, String?)] = [
            ("method.name", name),
            ("method.cross_entropy_weight", "\(crossEntropyWeight)"),
        ]
        let others: [(String, String?)] = names.flatMap { name in
            (constants[name]?.entries ?? []).map { constant in
                ("method.\(name.rawValue).\(constant.key)", constant.text)
            }
        }
        return own + (review?.entries ?? []) + others
    }
}

extension ReviewSettings {
    fileprivate var entries: [(String, String?)] {
        [
            ("method.review.weight", "\(weight)"),
            ("method.review.warmup", warmup.yaml),
            ("method.review.fusion", fusion.rawValue),
            ("method.review.distance", distance.name),
            ("method.review.levels", distance.levels.map { "\($0)" }),
            ("method.review.residual", "\(residual)"),
            ("method.review.stages", stages?.yaml),
            ("method.review.mid_channels", midChannels.map { "\($0)" }),
        ]
    }
}

extension ReviewDistance {
    fileprivate var name: String { levels == nil ? "l2" : "hcl" }

    fileprivate var levels: [Int]? {
        guard case .hierarchical(let levels) = self else { return nil }
        return levels
    }
}

extension ReviewSettings.Warmup {
    fileprivate var yaml: String {
        switch self {
        case .epochs(let epochs): "{epochs: \(epochs)}"
        case .fraction(let fraction): "{fraction: \(fraction)}"
        }
    }
}

extension [ReviewSettings.StageMatch] {
    fileprivate var yaml: String {
        let matches = map { "{student: \($0.student), teacher: \($0.teacher)}" }
        return "[\(matches.joined(separator: ", "))]"
    }
}

extension NormalizationSettings {
    fileprivate var yaml: String {
        switch self {
        case .cifar100: "cifar100"
        case .cifar10: "cifar10"
        case .custom(let mean, let std): "{mean: \(mean), std: \(std)}"
        }
    }
}

extension ScheduleSettings {
    fileprivate var entries: [(String, String?)] {
        switch self {
        case .constant:
            [("schedule.name", "constant")]
        case .multistep(let milestones, let factor):
            [
                ("schedule.name", "multistep"),
                ("schedule.milestones", "\(milestones)"),
                ("schedule.factor", "\(factor)"),
            ]
        case .onecycle(let warmupFraction, let startFactor, let finalFactor):
            [
                ("schedule.name", "onecycle"),
                ("schedule.warmup_fraction", "\(warmupFraction)"),
                ("schedule.start_factor", "\(startFactor)"),
                ("schedule.final_factor", "\(finalFactor)"),
            ]
        case .cosine(let finalFactor):
            [("schedule.name", "cosine"), ("schedule.final_factor", "\(finalFactor)")]
        }
    }
}

extension String {
    /// The text as a YAML scalar: bare where that reads back as the same text, else double-quoted.
    fileprivate var yaml: String {
        let bare = allSatisfy {
            $0.isASCII && ($0.isLetter || $0.isNumber || " ._-/".contains($0))
        }
        let trimmed = trimmingCharacters(in: .whitespaces) == self
        let opens = first.map { $0.isLetter } ?? false
        if bare, trimmed, opens, Node(self).tag.rawValue == Tag.Name.str.rawValue { return self }
        let escaped = unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case _ where scalar.value < 32 || (127..<160).contains(scalar.value):
                "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
