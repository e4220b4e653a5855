import Foundation

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
    init(path: String, mayLack: Bool = false) throws(ResultsFileError) {
        self.path = path
        if mayLack, !FileManager.default.fileExists(atPath: path) { return }
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let last = lines.removeLast()
        for (index, line) in lines.enumerated() where !line.isEmpty {
            results.append(try Self.decode(line, at: "\(path):\(index + 1)"))
        }
        guard !last.isEmpty else { return }
        do throws(ResultsFileError) {
            results.append(try Self.decode(last, at: "\(path):\(lines.count + 1)"))
        } catch {
            guard case .malformed = error else { throw error }
            cutLine = String(last)
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

    /// Adds a result at the end, safely on the disk when this returns; a cut line goes, and so does a
    /// former result of the cell, as of a teacher whose weights were lost.
    ///
    /// - Throws: `FileWriteError`, or what encoding throws.
    mutating func append(_ result: CellResult) throws {
        let all = results.filter { $0.key != result.key } + [result]
        let lines = try all.map { try $0.line() + "\n" }
        try AtomicFile.write(Data(lines.joined().utf8), to: path)
        results = all
        cutLine = nil
    }

    /// Takes over what another file holds and this one lacks.
    ///
    /// - Parameters:
    ///   - other: the other file.
    ///   - remark: called where both hold a cell with different accuracies; this file's one stays.
    /// - Throws: `FileWriteError`, or what encoding throws.
    mutating func merge(_ other: ResultsFile, remark: (String) -> Void) throws {
        for result in other.results {
            guard let own = self.result(of: result.key) else {
                try append(result)
                continue
            }
            guard own.top1 != result.top1 else { continue }
            remark(
                "\(other.path) has \(result.top1) % for the cell \(result.key), \(path) already "
                    + "has \(own.top1) %, which stays")
        }
    }
}

/// A file of results that cannot be used.
public enum ResultsFileError: Error, Equatable, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    case otherVersion(place: String, found: Int)
    case malformed(place: String, reason: String)

    /// One sentence with the remedy.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "\(path) cannot be read: \(reason); name a results.jsonl of this tool"
        case .otherVersion(let place, let found):
            "\(place): the line has version \(found), expected \(CellResult.version); it was "
                + "written by another version of this tool: use that one, or another --output"
        case .malformed(let place, let reason):
            "\(place): expected a result, found a line that is none (\(reason)); correct or "
                + "remove the line"
        }
    }
}

extension DecodingError {
    /// What was wrong, in words.
    fileprivate var reason: String {
        switch self {
        case .keyNotFound(let key, _): "the key '\(key.stringValue)' lacks"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "the value of '\(context.codingPath.map(\.stringValue).joined(separator: "."))' has "
                + "another type"
        default: "it is not JSON"
        }
    }
}
