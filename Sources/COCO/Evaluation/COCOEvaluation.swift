import Basics
import Foundation
import Synchronization

/// Results compared with annotations: the figures of pycocotools.
///
/// What pycocotools does is done, to the order of equal scores and the rounding of thresholds. Where its figures are
/// plainly wrong, a remark says why, and `strictFigures` are those that would be right.
///
/// Reference: `cocoeval.py`, `coco.py` and `maskApi.c` of pycocotools 2.0.11.
public struct COCOEvaluation: Sendable {
    /// The twelve figures of all categories together.
    public let figures: COCOFigures

    /// The figures of each category, in the order of their ids.
    public let categories: [COCOCategoryFigures]

    /// The figures where every annotation counts as itself, whatever its id, and an overlap that is no number is none.
    ///
    /// They are those of `figures` unless a remark is a trap.
    public let strictFigures: COCOFigures

    /// What a user should know.
    public let remarks: [COCORemark]

    /// Compares results with annotations.
    ///
    /// - Parameters:
    ///   - results: what was found.
    ///   - annotations: the objects, whose boxes or masks were read.
    ///   - type: whether boxes or masks are compared.
    ///   - isStrict: whether every annotation counts as itself, whatever its id, and an overlap that is no number is
    ///     none, in place of what pycocotools does.
    ///   - threads: how many threads take part.
    /// - Throws: `COCOEvaluationError`, mostly where pycocotools would end with an exception.
    public init(
        of results: COCOResults, with annotations: COCOAnnotations, type: COCOEvaluationType,
        isStrict: Bool = false, threads: Int = ProcessInfo.processInfo.activeProcessorCount
    ) throws(COCOEvaluationError) {
        let images = try ImageOrder(annotations)
        let table = try ResultTable(of: results, annotations: annotations, images: images)
        let pass = try EvaluationPass(
            annotations, results, type, images, table, isStrict: isStrict, threads: threads)
        figures = COCOFigures(pass.curves)
        categories = zip(annotations.categories, pass.curves).map { COCOCategoryFigures($0, $1) }
        let remarks = pass.remarks
        self.remarks = remarks
        guard !isStrict, remarks.contains(where: \.isTrap) else {
            strictFigures = figures
            return
        }
        strictFigures = COCOFigures(
            try EvaluationPass(
                annotations, results, type, images, table, isStrict: true, threads: threads
            ).curves)
    }

    /// Reads two files, at once where there are threads, and compares them.
    ///
    /// - Parameters:
    ///   - resultsPath: the file of results.
    ///   - annotationsPath: the file of annotations.
    ///   - type: whether boxes or masks are compared.
    ///   - isStrict: whether every annotation counts as itself, as above.
    /// - Throws: `COCOFileError` or `COCOEvaluationError`.
    public init(
        ofFile resultsPath: String, withFile annotationsPath: String, type: COCOEvaluationType,
        isStrict: Bool = false
    ) throws {
        let parts: COCOParts = type == .bbox ? .boxes : .masks
        let annotations = Mutex<Result<COCOAnnotations, COCOFileError>?>(nil)
        let results = Mutex<Result<COCOResults, COCOFileError>?>(nil)
        inParallel(2) { number in
            if number == 0 {
                let read = Result { () throws(COCOFileError) in
                    try COCOResults(contentsOf: resultsPath, parts: parts)
                }
                results.withLock { $0 = read }
            } else {
                let read = Result { () throws(COCOFileError) in
                    try COCOAnnotations(contentsOf: annotationsPath, parts: parts)
                }
                annotations.withLock { $0 = read }
            }
        }
        guard let annotations = try annotations.withLock({ $0 })?.get(),
            let results = try results.withLock({ $0 })?.get()
        else { preconditionFailure("COCOEvaluation: a file was not read") }
        try self.init(of: results, with: annotations, type: type, isStrict: isStrict)
    }
}
