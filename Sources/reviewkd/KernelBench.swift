import ArgumentParser
import Basics
import CommandOptions
import Recipes
import StepTiming
import Terminal
import Torch

extension BenchCommand {
    private struct KernelReport: Encodable {
        let recipe: String
        let threads: Int
        let kernels: String
        let shapes: [Line]
    }

    private struct Line: Encodable {
        let shape: String
        let direction: String
        let winner: String
        let milliseconds: [String: Double]

        init(_ times: KernelTimes) {
            shape = times.shape
            direction = times.direction.rawValue
            winner = times.milliseconds[0].kernels.rawValue
            milliseconds = Dictionary(
                uniqueKeysWithValues: times.milliseconds.map { ($0.kernels.rawValue, $0.median) })
        }
    }

    func validateKernels() throws {
        guard method.method == nil, !profile, precision == nil, data == nil else {
            throw ValidationError(
                "--kernels times convolutions in bfloat16 on random numbers; leave --method, --profile, "
                    + "--precision and --data out")
        }
        guard device.device == "cpu" else {
            throw ValidationError(
                "--kernels times the kernels of the processor, and --device is \(device.device); leave it "
                    + "out")
        }
    }

    /// Times the kernels of the processor for each shape of the recipe's networks.
    func runKernels() throws {
        guard let name = recipe else { return }
        _ = try device.resolve()
        var recipe = try overrides.load(name)
        if let batchSize { recipe.batchSize = batchSize }
        guard !recipe.isDetection else {
            throw WrongRecipe(
                description:
                    "the recipe \(recipe.name) is of detectors, expected one of classifiers for --kernels; "
                    + "their backbones have the same shapes as imagenet/MODEL")
        }
        var lines: [Line] = []
        try recipe.timeKernels(rounds: steps) { times in
            let line = Line(times)
            lines.append(line)
            guard !json else { return }
            let columns = times.milliseconds.map {
                "\($0.kernels.rawValue) \($0.median.formatted(places: 3)) ms"
            }
            print(
                line.shape.padded(to: 40) + line.direction.padded(to: 16)
                    + columns.joined(separator: ", "))
        }
        if json {
            try printJSON(
                KernelReport(
                    recipe: recipe.name, threads: Runtime.threads,
                    kernels: Processor.current.convolution.rawValue, shapes: lines))
        }
    }
}
