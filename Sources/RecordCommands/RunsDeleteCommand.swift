import ArgumentParser
import Basics
import Foundation
import RecordStore
import Terminal

/// `reviewkd runs delete`.
struct RunsDeleteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Remove the records of runs; their folders only with --with-folder.")

    @Argument(help: "Numbers, names or folders of runs.")
    var runs: [String]

    @Flag(help: "Also remove the runs' folders with all their files.")
    var withFolder = false

    @OptionGroup var records: RecordsOption

    func run() throws {
        _ = try records.open()
        let store = try RecordStore(path: records.path, access: .write)
        let chosen = try runs.map { try store.run(named: $0) }
        for run in chosen {
            guard run.state != .running else {
                throw UndeletableRun(
                    run: run, reason: "is running, expected one that has ended; end it first")
            }
            if withFolder { try requireFolder(of: run) }
        }
        for run in chosen {
            if withFolder, FileManager.default.fileExists(atPath: run.description.folder) {
                do {
                    try FileManager.default.removeItem(atPath: run.description.folder)
                } catch {
                    throw FileError.cannotWrite(
                        path: run.description.folder, reason: FileError.reason(of: error))
                }
            }
            try store.delete(run.id)
            print(
                "Deleted the record of run \(run.id), \(run.description.name)"
                    + (withFolder ? ", and its folder." : "; its folder stays."))
        }
    }

    /// Refuses to remove what is no run's folder: a file of records may be somebody else's.
    private func requireFolder(of run: RecordedRun) throws {
        let folder = run.description.folder
        let files = FileManager.default
        guard files.fileExists(atPath: folder) else { return }
        guard files.fileExists(atPath: folder + "/recipe.yaml"),
            (try? files.destinationOfSymbolicLink(atPath: folder)) == nil
        else {
            throw UndeletableRun(
                run: run,
                reason:
                    "has the folder \(folder), expected one that holds a run (recipe.yaml); remove it "
                    + "by hand, or leave --with-folder out")
        }
    }
}

/// A run that is not deleted.
struct UndeletableRun: Error, CustomStringConvertible {
    let run: RecordedRun
    let reason: String

    var description: String { "run \(run.id), \(run.description.name), \(reason)" }
}
