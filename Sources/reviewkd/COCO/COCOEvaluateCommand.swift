import ArgumentParser
import COCO
import Terminal

extension COCOEvaluationType: ExpressibleByArgument {}

/// `reviewkd coco evaluate`.
struct COCOEvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Compare a detector's results with annotations: pycocotools' figures.")

    @Option(help: "The annotations, such as instances_val2017.json.")
    var annotations: String

    @Option(
        help: "The results: a list with image_id, category_id, score, and bbox or segmentation.")
    var results: String

    @Option(help: "What is compared: bbox (boxes) or segm (masks).")
    var type: COCOEvaluationType

    @Flag(help: "Show the figures of each category too.")
    var perClass = false

    @Flag(
        name: .customLong("strict-ids"),
        help: "Count each annotation as itself, whatever its id, and no overlap that is no number.")
    var isStrict = false

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let evaluation = try COCOEvaluation(
            ofFile: results, withFile: annotations, type: type, isStrict: isStrict)
        for remark in evaluation.remarks { printError(line(of: remark, in: evaluation)) }
        let report = COCOReport(evaluation, perClass: perClass)
        guard !json else {
            try printJSON(report)
            return
        }
        print(report.text)
    }

    /// A warning with the figure that would be right, or a note.
    private func line(of remark: COCORemark, in evaluation: COCOEvaluation) -> String {
        guard remark.isTrap, !isStrict else { return "note: \(remark)" }
        let (figure, right) = (evaluation.figures, evaluation.strictFigures)
        return "warning: \(remark); AP is \(figure.averagePrecision.figure), and would be "
            + "\(right.averagePrecision.figure) otherwise, which --strict-ids computes"
    }
}
