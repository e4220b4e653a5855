import ArgumentParser
import Basics
import CommandOptions
import Foundation
import Recipes
import RunReport
import Terminal
import Torch
import Training
import VisionData

/// `reviewkd report`.
package struct ReportCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write one HTML file about runs: tables, curves, classes, what the review does.")

    @Argument(help: "The folders of runs; a student alone among them is the baseline.")
    var runs: [String]

    @Option(help: "The file to write (default: report.html in the first run's folder).")
    var output: String?

    @Option(
        help: """
            The folder that holds the data set's folder, or the data set's folder itself; without it the report \
            has tables and curves alone.
            """)
    var data: String?

    @Option(help: "The teacher's file, to show what it and the review do.")
    var teacher: String?

    @OptionGroup var trust: TrustOptions

    @Option(
        parsing: .unconditional,
        help: "Positions of test images to draw, such as 0,5,9 (default: of six classes).")
    var images: String?

    @OptionGroup var photographs: PhotographOptions

    package init() {}

    package func validate() throws {
        guard teacher == nil || data != nil else {
            throw ValidationError(
                "--teacher shows what the teacher makes of test images, and --data is not given; give both, or "
                    + "neither")
        }
        guard let images else { return }
        guard data != nil else {
            throw ValidationError("--images names test images, and --data is not given; give both")
        }
        _ = try Self.positions(images)
    }

    private static func positions(_ text: String) throws -> [Int] {
        let numbers = listed(text).compactMap { Int($0) }
        guard numbers.count == listed(text).count, numbers.allSatisfy({ $0 >= 0 }) else {
            throw ValidationError(
                "--images is \(text), expected whole numbers of at least 0, as 0,5,9")
        }
        return numbers
    }

    package func run() throws {
        for folder in runs
        where !FileManager.default.fileExists(atPath: folder + "/recipe.yaml") {
            throw NoRun(folder: folder)
        }
        let path = output ?? runs[0] + "/report.html"
        try Disk.requirePlace(forFile: path)
        let recipe = try Recipe.load(file: runs[0] + "/recipe.yaml")
        let positions = try images.map(Self.positions)
        let opened = try data.flatMap { recipe.isDetection ? nil : try open(recipe, in: $0) }
        if let count = opened?.test.count, let wrong = positions?.first(where: { $0 >= count }) {
            throw ValidationError(
                "--images names image \(wrong), expected at most \(count - 1), the last test image")
        }
        let reported = try runs.map { folder in
            var run = try Recipe.load(file: folder + "/recipe.yaml")
            let program = try teacher.flatMap { try trust.program(in: $0, for: &run) { _ in } }
            // Other images have other classes.
            let fits = run.dataset.images.name == recipe.dataset.images.name
            return try ReportedRun(
                folder: folder, data: fits ? opened : nil, teacher: teacher,
                program: program, remark: { printError("note: \($0)") })
        }
        let names = data.flatMap { CIFARClassNames.read(of: recipe.dataset.images, in: $0) }
        let report = RunReport(
            reported, test: opened?.test, images: positions, classNames: names,
            objects: try data.flatMap {
                recipe.isDetection ? try objects(reported, recipe, in: $0, positions) : nil
            })
        try AtomicFile.write(Data(try report.html().utf8), to: path)
        print(path)
    }

    private func open(_ recipe: Recipe, in directory: String) throws -> TrainingData {
        try TrainingData(
            recipe.dataset, from: directory, device: .cpu, reading: photographs.reading
        ) { printError("note: \($0)") }
    }

    /// What the runs' detectors find, and the teacher's.
    private func objects(
        _ reported: [ReportedRun], _ recipe: Recipe, in directory: String, _ positions: [Int]?
    ) throws -> DetectionExamples {
        let taught = reported.first { $0.recipe.teacher != nil }?.recipe
        var examples = try DetectionExamples(
            of: taught ?? recipe, in: directory, positions: positions,
            reading: photographs.reading)
        for (folder, run) in zip(runs, reported)
        where run.recipe.dataset.images.name == recipe.dataset.images.name {
            try examples.add(run: folder, named: run.name)
        }
        if let teacher { try examples.add(teacher: teacher) }
        return examples
    }
}

/// A folder without a run.
struct NoRun: Error, CustomStringConvertible {
    let folder: String

    var description: String {
        "\(folder) holds no run, expected the output folder of `reviewkd train` or `distill` with its "
            + "recipe.yaml"
    }
}
