/// A file of records that cannot be used.
public enum RecordError: Error, Equatable, CustomStringConvertible {
    /// It holds something else.
    case foreign(path: String)

    /// A later version of this program wrote it.
    case later(path: String)

    /// There is none.
    case missing(path: String)

    /// It cannot be read or written.
    case unusable(path: String, reason: String)

    /// No run has this number or name.
    case noRun(String, known: [String])

    /// Several runs have this name.
    case severalRuns(String, ids: [Int64])

    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .foreign(let path):
            "\(path) is no file of run records, expected one that this program wrote; choose another file"
        case .later(let path):
            "\(path) was written by a later version of this program, expected one that this version "
                + "knows; update the program, or choose another file"
        case .missing(let path):
            "there are no run records in \(path); name the file, or make it from the folders of the runs"
        case .unusable(let path, let reason): "the run records in \(path) cannot be used: \(reason)"
        case .noRun(let name, let known):
            "no run is called \(name)"
                + (known.isEmpty
                    ? ", and the records hold none"
                    : "; the newest are \(known.joined(separator: ", "))")
        case .severalRuns(let name, let ids):
            "several runs are called \(name), expected one; name it by its number: "
                + ids.map(String.init).joined(separator: ", ")
        }
    }
}
