import ArgumentParser
import Basics
import CommandOptions
import ImageFolders
import Recipes
import StepTiming
import Terminal
import Torch
import Training
import VisionData

/// What `bench` measures.
enum BenchWork: ExpressibleByArgument {
    case step(BenchmarkWork)
    case load(LoadWork)

    init?(argument: String) {
        if let work = BenchmarkWork(rawValue: argument) {
            self = .step(work)
        } else if let work = LoadWork(rawValue: argument) {
            self = .load(work)
        } else {
            return nil
        }
    }

    static var allValueStrings: [String] {
        BenchmarkWork.allCases.map(\.rawValue) + LoadWork.allCases.map(\.rawValue)
    }

    var defaultValueDescription: String {
        switch self {
        case .step(let work): work.rawValue
        case .load(let work): work.rawValue
        }
    }
}

extension BenchCommand {
    private struct LoadReport: Encodable {
        let work: String
        let images: Int
        let batchSize: Int
        let threads: Int
        let imagesPerSecond: Double
    }

    func validateLoading() throws {
        guard data != nil else {
            throw ValidationError(
                "--work \(work.defaultValueDescription) needs photographs; give their folder with --data"
            )
        }
        guard method.method == nil, !profile, !kernels, precision == nil else {
            throw ValidationError(
                "--method, --precision, --profile and --kernels are for steps; leave them out with --work "
                    + work.defaultValueDescription)
        }
    }

    /// The photographs of a folder, with classes or without.
    func photographs(
        in directory: String, _ settings: PhotographSettings, _ reading: PhotographReading,
        device: Device
    ) throws -> PhotographSource {
        let folder = ImageFolder(directory, progress: ListingProgress(quiet: json).show)
        return PhotographSource(
            try folder.listAny(), settings: settings, reading: reading, device: device,
            remark: { printError("note: \($0)") })
    }

    /// Measures the loader alone, on as many threads as `--threads` says.
    func runLoading(_ work: LoadWork) throws {
        guard let directory = data else { return }
        let threads = device.threads
        let device = try device.resolve()
        let recipe = try recipe.map { try overrides.load($0) }
        let source = try photographs(
            in: directory, recipe?.dataset.photographs ?? PhotographSettings(),
            PhotographReading(workers: threads), device: device)
        let size = batchSize ?? 64
        let speed = try source.imagesPerSecond(work, batchSize: size, batches: steps)
        let report = LoadReport(
            work: work.rawValue, images: source.count, batchSize: size, threads: source.workers,
            imagesPerSecond: speed)
        guard !json else { return try printJSON(report) }
        print(
            "\(report.work), \(report.images) images, batch \(size), \(report.threads) thread(s): "
                + "\(speed.formatted(places: 1)) images/s (\(steps) batches)")
    }
}
