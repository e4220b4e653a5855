import ArgumentParser
import Foundation
import RecordStore
import RunRecords

/// Which file of records a command reads.
package struct RecordsOption: ParsableArguments {
    @Option(help: "The file of run records, or its folder (default: runs.sqlite in this folder).")
    package var records: String?

    /// Takes what the command line gives.
    package init() {}

    /// The file.
    package var path: String { Self.file(records ?? recordsFileName) }

    /// The file that a file or folder means.
    package static func file(_ path: String) -> String {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        return exists && isFolder.boolValue ? path + "/" + recordsFileName : path
    }

    /// Opens the file to read.
    ///
    /// - Throws: `RecordError`; `MissingRecords` where there is none.
    package func open() throws -> RecordStore {
        do throws(RecordError) {
            return try RecordStore(path: path, access: .read)
        } catch {
            guard case .missing(let path) = error else { throw error }
            throw MissingRecords(path: path)
        }
    }
}

/// A file of records that is not there.
package struct MissingRecords: Error, CustomStringConvertible {
    let path: String

    /// What is wrong, and what to do.
    package var description: String {
        "\(path) is not there, expected a file of run records; name it with --records, or make it from the "
            + "folders of runs with `reviewkd runs index DIR`"
    }
}
