import Foundation
import RecordStore

/// A run with curves that look like those of training.
struct MadeRun {
    private static let methods = ["reviewkd", "kd", "alone", "dkd", "fitnet", "at", "crd", "ofd"]
    private static let epochs = 60

    /// Tells method, rate and seed.
    let number: Int
    let steps: Int
    var name: String?

    init(number: Int, steps: Int) {
        self.number = number
        self.steps = steps
    }

    /// A run with the method and seed that its name holds.
    init(name: String, steps: Int) {
        let method = Self.methods.firstIndex { name.contains("/\($0)-") } ?? 0
        number = 5 * method + (name.last?.wholeNumberValue ?? 0) % 5
        self.steps = steps
        self.name = name
    }

    private var method: String { Self.methods[number / 5 % Self.methods.count] }
    private var rate: Double { [0.1, 0.05][number / 40 % 2] }

    func description(below path: String) -> RunDescription {
        let seed = number % 5
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let name = self.name ?? "resnet56-resnet20/\(method)-lr\(rate)/seed-\(seed)"
        var run = RunDescription(
            folder: folder + "/" + name, name: name, kind: "distill",
            recipe: "cifar100/resnet56-resnet20", recipeText: "",
            settings: [
                "seed": "\(seed)", "method.name": method, "optimizer.learning_rate": "\(rate)",
                "optimizer.epochs": "\(Self.epochs)", "batch_size": "64",
            ],
            seedGroup: "\(method)-\(rate)-\(self.name ?? "")", method: method, seed: seed,
            epochs: Self.epochs, score: "top1")
        run.steps = steps
        run.device = "cpu"
        return run
    }

    func progress(_ step: Int) -> RunProgress {
        RunProgress(
            epoch: step * Self.epochs / max(steps, 1), step: step,
            imagesPerSecond: speed(step), secondsLeft: Double(steps - step) * 0.4,
            score: accuracy(step))
    }

    /// The numbers of a step, and with the last step of an epoch those of the epoch.
    func points(_ step: Int) -> [RunPoint] {
        let task = 0.9 + 0.1 * level + 3.6 * decay(step) + noise(step, 1) * 0.12
        let review = method == "alone" ? 0 : 0.35 + 1.1 * decay(step) + noise(step, 2) * 0.05
        var points = [
            RunPoint(series: "step/cross_entropy", step: step, value: task),
            RunPoint(series: "step/total", step: step, value: task + review),
        ]
        if review > 0 {
            points.append(RunPoint(series: "step/\(method)", step: step, value: review))
        }
        guard step * Self.epochs / steps > (step - 1) * Self.epochs / steps else { return points }
        let epoch = step * Self.epochs / steps
        let values = [
            "train/cross_entropy": 0.9 + 0.1 * level + 3.6 * decay(step),
            "train/top1": accuracy(step) + 4,
            "validation/top1": accuracy(step) - 0.4 + noise(step, 4) * 0.3,
            "test/top1": accuracy(step), "test/top5": min(99, accuracy(step) * 0.35 + 65),
            "test/loss": 1.1 + 3.2 * decay(step), "images_per_second": speed(step),
            "learning_rate": rate * (epoch < 30 ? 1 : epoch < 45 ? 0.1 : 0.01),
            "seconds": 50_000 / speed(step), "peak_memory_bytes": 1.9e9 + 3e8 * Double(number % 5),
        ]
        points += values.map { RunPoint(series: $0.key, step: step, value: $0.value) }
        return points
    }

    private func share(_ step: Int) -> Double { Double(step) / Double(max(steps, 1)) }

    /// From 1 down, with the steps of the learning rate.
    private func decay(_ step: Int) -> Double {
        let share = share(step)
        return exp(-(5 - 0.35 * level) * share) * (share > 0.5 ? 0.7 : 1) * (share > 0.75 ? 0.8 : 1)
    }

    /// How far behind the first method this one stays.
    private var level: Double { Double(number / 5 % Self.methods.count) }

    private func accuracy(_ step: Int) -> Double {
        let top = 72 - 2.3 * level + Double(number % 5) * 0.7 + (rate < 0.1 ? 1.1 : 0)
        return top * (1 - 0.85 * decay(step)) + noise(step, 3) * 0.8
    }

    private func speed(_ step: Int) -> Double { 1180 + noise(step, 5) * 60 + Double(number) * 3 }

    /// Between -1 and 1, the same in every process.
    private func noise(_ step: Int, _ salt: Int) -> Double {
        let mixed = sin(Double(step) * 12.9898 + Double(number * 7 + salt) * 78.233) * 43_758.5453
        return 2 * (mixed - mixed.rounded(.down)) - 1
    }
}
