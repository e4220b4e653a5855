import Basics
import Foundation
import Recipes

#if canImport(Glibc)
    import Glibc
#endif

/// The results of a study, a line each.
struct ResultsFile {
    /// Where it lies.
    let path: String

    /// What it holds, in order.
    private(set) var results: [CellResult] = []

    /// The beginning of a last line that was cut off, as by a full disk.
    private(set) var cutLine: String?

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - mayLack: whether it need not be there yet.
    /// - Throws: `ResultsFileError`.
    package init(path: String, mayLack: Bool = false) throws(ResultsFileError) {
        self.path = path
        if mayLack, !FileManager.default.fileExists(atPath: path) { return }
        var lines: [Substring] = []
        let last: Substring
        do throws(TextFile.Unreadable) {
            let data = try TextFile.data(of: path)
            let end = data.lastIndex(of: UInt8(ascii: "\n"))
            if let end {
                lines = try TextFile.text(data[..<end])
                    .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            }
            // It may have been cut off inside a letter.
            last = String(decoding: data[(end ?? data.startIndex)...], as: UTF8.self)
                .drop { $0.isNewline }
        } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
        let isForeign = !mayLack && !(lines + [last]).contains(where: Self.isResult)
        for (index, line) in lines.enumerated() where !line.isEmpty {
            do throws(ResultsFileError) {
                try read(try Self.decode(line, at: "\(path):\(index + 1)"), line: index + 1)
            } catch {
                guard case .malformed(_, let reason) = error, isForeign else { throw error }
                throw .noResults(path: path, reason: reason)
            }
        }
        guard !last.isEmpty else { return }
        let result: CellResult
        do throws(ResultsFileError) {
            result = try Self.decode(last, at: "\(path):\(lines.count + 1)")
        } catch {
            guard case .malformed(_, let reason) = error else { throw error }
            guard !isForeign else { throw .noResults(path: path, reason: reason) }
            cutLine = String(last)
            return
        }
        try read(result, line: lines.count + 1)
    }

    /// Takes a line in; one that stands there twice, as where files were joined by hand, counts once.
    private mutating func read(_ result: CellResult, line: Int) throws(ResultsFileError) {
        guard let former = self.result(of: result.key) else {
            results.append(result)
            return
        }
        guard former == result else {
            throw .twice(place: "\(path):\(line)", cell: "\(result.key)")
        }
    }

    private static func isResult(_ line: Substring) -> Bool {
        do throws(ResultsFileError) {
            _ = try decode(line, at: "")
            return true
        } catch {
            return false
        }
    }

    private static func decode(_ line: Substring, at place: String) throws(ResultsFileError)
        -> CellResult
    {
        struct Version: Decodable { let version: Int? }
        do {
            let data = Data(line.utf8)
            let version = try JSONDecoder().decode(Version.self, from: data).version ?? 0
            guard version == CellResult.version else {
                throw ResultsFileError.otherVersion(place: place, found: version)
            }
            return try JSONDecoder().decode(CellResult.self, from: data)
        } catch let error as ResultsFileError {
            throw error
        } catch let error as DecodingError {
            throw .malformed(place: place, reason: error.reason)
        } catch {
            throw .malformed(place: place, reason: "\(error)")
        }
    }

    /// The result of a cell.
    func result(of key: Cell.Key) -> CellResult? { results.first { $0.key == key } }

    /// The result of a cell, or of one that is the same run under another name, as a student alone in
    /// two pairs; under this cell's name.
    func result(of cell: Cell) -> CellResult? {
        if let own = result(of: cell.key) { return own }
        // Under another schedule's name it may have had another teacher or other images.
        let twin = results.first {
            $0.recipe == cell.recipe.digest && $0.schedule == cell.key.schedule
        }
        return twin?.renamed(to: cell.key)
    }

    /// Adds results at the end, safely on the disk when this returns; a cut line goes, and so does a
    /// former result of a cell, as of a teacher whose weights were lost.
    ///
    /// - Throws: `FileError`, or what encoding throws.
    mutating func append(_ added: [CellResult]) throws {
        let keys = Set(added.map(\.key))
        var new = self
        new.results = results.filter { !keys.contains($0.key) } + added
        try new.save()
        self = new
    }

    /// Takes over, in memory, what another file holds and this one lacks.
    ///
    /// - Parameters:
    ///   - other: the other file.
    ///   - remark: called with what is left out: a cut line, or another accuracy of a cell that is here.
    /// - Throws: `ResultsFileError.otherRun` where the two cannot stand in one table.
    mutating func join(
        _ other: ResultsFile, remark: (String) -> Void
    ) throws(ResultsFileError) {
        if other.cutLine != nil {
            remark("the last line of \(other.path) is cut off, and it is left out")
        }
        for result in other.results {
            guard let own = self.result(of: result.key) else {
                if let what = results.lazy.compactMap({ $0.conflict(with: result) }).first {
                    throw .otherRun(
                        cell: "\(result.key)", what: what, path: other.path, own: path)
                }
                results.append(result)
                continue
            }
            let what =
                own.recipe == result.recipe ? own.conflict(with: result) : "other settings"
            if let what {
                throw .otherRun(cell: "\(result.key)", what: what, path: other.path, own: path)
            }
            guard own.top1 != result.top1 else { continue }
            remark(
                "\(other.path) has \(result.top1) % for the cell \(result.key), but \(path) already "
                    + "has \(own.top1) %, which is kept")
        }
    }

    /// Writes the file, safely on the disk when this returns; a cut line goes.
    ///
    /// - Throws: `FileError`, or what encoding throws.
    mutating func save() throws {
        let lines = try results.map { try $0.line() + "\n" }
        try AtomicFile.write(Data(lines.joined().utf8), to: path)
        cutLine = nil
    }
}

/// A file of results that cannot be used.
public enum ResultsFileError: Error, Equatable, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    case noResults(path: String, reason: String)
    case otherVersion(place: String, found: Int)
    case malformed(place: String, reason: String)
    case twice(place: String, cell: String)
    case otherRun(cell: String, what: String, path: String, own: String)

    /// What happened, what was expected, and the remedy.
    public var description: String { sentences(problem, remedy) }

    /// The same without the remedy.
    package var problem: String {
        switch self {
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)."
        case .noResults(let path, let reason):
            "\(path) holds no results. Expected one in each line, but the first line is none (\(reason))."
        case .otherVersion(let place, let found):
            "\(place): the line has version \(found), expected \(CellResult.version). Another version of "
                + "this tool wrote it."
        case .malformed(let place, let reason):
            "\(place): the line is not a result (\(reason)). Expected a result in each line."
        case .twice(let place, let cell):
            "\(place): the cell \(cell) already has another result further up. Expected one."
        case .otherRun(let cell, let what, let path, let own):
            "\(path) has the cell \(cell), but it was made with \(what) than \(own). Both cannot be in one "
                + "table."
        }
    }

    private var remedy: String {
        switch self {
        case .unreadable, .noResults: "name a results.jsonl of this tool"
        case .otherVersion: "use that version, or choose another folder"
        case .malformed: "correct or remove the line"
        case .twice: "remove one of the two lines"
        case .otherRun: "join it with results in another folder"
        }
    }
}

extension DecodingError {
    /// What was wrong, in words.
    fileprivate var reason: String {
        switch self {
        case .keyNotFound(let key, _): "the key '\(key.stringValue)' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "the value of '\(context.codingPath.map(\.stringValue).joined(separator: "."))' has "
                + "another type"
        default: "it is not JSON"
        }
    }
}
