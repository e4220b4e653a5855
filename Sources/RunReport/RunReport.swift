import Basics
import Distillation
import Foundation
import Recipes
import RunRecords
import Torch
import TorchNN
import VisionData
import VisionModels

/// A page about one or several runs, in one file that needs no other.
public struct RunReport {
    /// How many images the pictures of the method are of.
    public static let standardImages = 6

    /// How many images the likeness of features is taken over.
    static let alignedImages = 512

    let runs: [ReportedRun]
    let test: (any ImageSource)?
    let images: [Int]
    let classNames: [String]?
    let objects: DetectionExamples?

    /// Gathers what the page is about.
    ///
    /// - Parameters:
    ///   - runs: at least one; the first that is taught is looked into.
    ///   - test: the images to judge the students on; nil for tables and curves alone.
    ///   - images: the positions of the images that are drawn; nil for some of different classes.
    ///   - classNames: by the classes' numbers, where the images do not know them.
    ///   - objects: what detectors find in pictures; nil for networks that classify.
    public init(
        _ runs: [ReportedRun], test: (any ImageSource)?, images: [Int]? = nil,
        classNames: [String]? = nil, objects: DetectionExamples? = nil
    ) {
        self.objects = objects
        self.runs = runs
        self.test = test
        self.classNames = test?.classNames ?? classNames
        self.images = images ?? test.map { Self.chosen(of: $0.classes()) } ?? []
    }

    /// The first images of as many classes as are drawn.
    private static func chosen(of classes: [Int]) -> [Int] {
        var seen: Set<Int> = []
        let first = classes.indices.filter { seen.insert(classes[$0]).inserted }
        return Array(first.prefix(standardImages))
    }

    /// The run that is looked into: the first with a teacher, else the first.
    var subject: ReportedRun { runs.first { $0.lesson != nil } ?? runs[0] }

    /// The run of the same student without a teacher, where there is one.
    var baseline: ReportedRun? {
        runs.first {
            $0.method == "alone" && $0.recipe.student.model == subject.recipe.student.model
                && $0.name != subject.name
        }
    }

    /// The page.
    ///
    /// - Returns: HTML.
    /// - Throws: where images cannot be read, or memory does not suffice.
    public func html() throws -> String {
        let title =
            runs.count == 1 ? runs[0].name : "\(runs.count) runs of \(subject.recipe.student.model)"
        var parts: [HTML] = [
            "<h1>\(title)</h1><p class=\"lead\">\(subject.recipe.name): \(subject.recipe.description)</p>",
            resultsTable, curves,
        ]
        if let test {
            parts += try classes(on: test) + pictures(on: test) + alignment(on: test)
        }
        if let objects { parts.append(objects.html) }
        parts.append(recipeText)
        let page: HTML = """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title) – ReviewKD</title><style>\(HTML(raw: Self.style))</style></head>
            <body><main>\(HTML(parts))</main></body></html>

            """
        return page.description
    }

    private static let style = String(decoding: PackageResources.report_css, as: UTF8.self)

    /// Last, best and validation-picked scores of each run.
    private var resultsTable: HTML {
        let rows = runs.map { run -> HTML in
            let score = run.recipe.isDetection ? "AP" : "top1"
            let tested = run.history.compactMap { $0.test?[score] }
            let picked = run.history.bestOnValidation(by: score)?.test?[score]
            let cells = [run.history.last?.test?[score], picked, tested.max()].map {
                value -> HTML in
                "<td class=\"number\">\(value?.formatted(places: 2) ?? "–")</td>"
            }
            return """
                <tr><th scope="row">\(run.name)</th><td>\(run.method)</td>
                <td>\(run.recipe.student.model)</td><td class="number">\(run.recipe.seed)</td>
                <td class="number">\(run.history.count) of \(run.recipe.epochs)</td>\(HTML(cells))</tr>
                """
        }
        return """
            <h2>Results on the test set</h2><div class="scroll"><table><thead><tr><th>run</th><th>method</th>
            <th>student</th><th class="number">seed</th><th class="number">epochs</th>
            <th class="number">last</th><th class="number">picked on validation</th>
            <th class="number">best test epoch</th></tr></thead><tbody>\(HTML(rows))</tbody></table></div>
            <p class="note">The best test epoch is chosen on the test set, so that it is too good.</p>
            """
    }

    /// Every score and loss term over the epochs, runs overlaid.
    private var curves: HTML {
        func chart(
            _ title: String, _ unit: String, _ value: @escaping (EpochRecord) -> Double?
        ) -> HTML? {
            let curves = runs.compactMap { run -> CurveChart.Curve? in
                let points = run.history.compactMap { epoch in
                    value(epoch).map { (x: Double(epoch.epoch), y: $0) }
                }
                return points.isEmpty ? nil : CurveChart.Curve(name: run.name, points: points)
            }
            return CurveChart(title: title, unit: unit, curves: curves).html
        }
        let score = subject.recipe.isDetection ? "AP" : "top1"
        let unit = subject.recipe.isDetection ? "AP" : "%"
        let terms = Set(runs.flatMap { $0.history.flatMap(\.train.keys) })
            .subtracting(["top1"]).sorted()
        let charts =
            [
                chart("Test \(score)", unit) { $0.test?[score] },
                chart("Validation \(score)", unit) { $0.validation?[score] },
                chart("Training top1", "%") { $0.train["top1"] },
            ]
            + terms.map { term in chart("Training loss \(term)", "unweighted") { $0.train[term] } }
            + [chart("Learning rate", "per step") { $0.learningRate }]
        return "<h2>Curves</h2><div class=\"charts\">\(HTML(charts.compactMap(\.self)))</div>"
    }

    /// The recipe as it was resolved.
    private var recipeText: HTML {
        "<h2>Recipe</h2><div class=\"scroll\"><pre>\(subject.recipe.yaml)</pre></div>"
    }
}
