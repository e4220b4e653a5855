import ArgumentParser
import Basics
import COCO
import COCODrawing
import Foundation
import Terminal

extension COCOFolder.Split: ExpressibleByArgument {}

/// `reviewkd coco show`.
struct COCOShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Draw boxes, masks and names of annotations or of results into PNG files.")

    @Argument(help: "Images: ids, or names of files.")
    var images: [String]

    @Option(help: "The folder that holds annotations, train2017 and val2017.")
    var data: String

    @Option(help: "Draw these results, a detector's, in place of the annotations.")
    var results: String?

    @Option(help: "train or val: where the images are looked for (default: both, val first).")
    var split: COCOFolder.Split?

    @Option(
        parsing: .unconditional,
        help: "Draw results of this score and above (default: \(Self.leastScore)).")
    var minScore: Double?

    @Option(help: "The folder for the pictures, each named after its image.")
    var output: String

    private static let leastScore = 0.3

    func validate() throws {
        if let minScore, !minScore.isFinite {
            throw ValidationError("--min-score is \(minScore), expected a finite number")
        }
        guard minScore == nil || results != nil else {
            throw ValidationError("--min-score is for results; give --results too, or leave it out")
        }
    }

    func run() throws {
        let images = try COCOPicture.find(
            images, in: COCOFolder(data), split, withObjects: results == nil)
        let least = minScore ?? Self.leastScore
        let results = try results.map { try COCOResults(contentsOf: $0).results }
        let files = try DrawnFiles(
            images.map { ($0.path, ($0.path as NSString).lastPathComponent) }, in: output)
        try Disk.makeDirectory(URL(fileURLWithPath: output, isDirectory: true))
        var hidden = 0
        for (index, image) in images.enumerated() {
            let own = results?.filter { $0.imageID == image.entry.id }
            // A score that is no number is shown: it is better known than hidden.
            let shown = own?.filter { !($0.score < least) }
            hidden += (own?.count ?? 0) - (shown?.count ?? 0)
            let drawn = try image.drawn(shown)
            try files.write(drawn.picture, at: index)
            print(
                "\(files.paths[index]): \(drawn.objects) object\(drawn.objects == 1 ? "" : "s")")
        }
        guard hidden > 0 else { return }
        printError(
            "note: \(hidden) result\(hidden == 1 ? " has a score" : "s have scores") below \(least) and "
                + "\(hidden == 1 ? "is" : "are") not drawn; lower --min-score to see more")
    }
}
