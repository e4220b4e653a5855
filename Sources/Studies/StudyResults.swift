import Foundation

/// The results in a study's folder, for those who read it from without.
package struct StudyResults {
    /// Each line of `results.jsonl`, with the folder below the study's that its run lies in.
    package let lines: [(folder: String, line: String)]

    /// Reads them.
    ///
    /// - Parameter study: the study's folder.
    /// - Throws: `ResultsFileError` where the file cannot be read.
    package init(in study: String) throws {
        lines = try ResultsFile(path: study + "/results.jsonl").results.map {
            ($0.key.folder, try $0.line())
        }
    }

    /// The table of some lines, in whose order its rows are.
    ///
    /// - Parameter lines: as `results.jsonl` has them.
    /// - Returns: the table that `reproduce` makes of them.
    /// - Throws: what decoding throws.
    package static func table(of lines: [String]) throws -> StudyTable {
        StudyTable(
            [],
            results: try lines.map {
                try JSONDecoder().decode(CellResult.self, from: Data($0.utf8))
            })
    }
}
