import Basics
import CommandOptions
import Foundation
import RecordStore
import Recording
import RunRecords
import Terminal

extension RecordOptions {
    /// The file in which the runs of this command are recorded; nil where they are not to be.
    ///
    /// - Parameters:
    ///   - folder: above the runs.
    ///   - kind: the command, such as `train`.
    /// - Returns: it; a problem with it is told once on standard error.
    package func book(in folder: String, kind: String) -> RecordBook? {
        guard !noRecords else { return nil }
        let path = records.map(RecordsOption.file) ?? folder + "/" + recordsFileName
        return RecordBook(
            path: path, root: records == nil ? folder : Self.folder(above: path), kind: kind,
            command: Self.commandLine,
            warn: { printError("warning: the run is not recorded: \($0); it goes on all the same") }
        )
    }

    /// The same for runs that lie in a folder beside others.
    package func book(above output: String, kind: String) -> RecordBook? {
        book(in: Self.folder(above: output), kind: kind)
    }

    /// What writes a run's events for TensorBoard; nil where none are asked for.
    ///
    /// - Parameter output: the run's folder, whose name its events have.
    /// - Returns: it; a problem with it is told once on standard error.
    package func events(of output: String) -> EventRecording? {
        tensorboard.map {
            EventRecording(
                in: $0 + "/" + URL(fileURLWithPath: output).standardizedFileURL.lastPathComponent,
                warn: { printError("warning: no events are written: \($0); the run goes on") })
        }
    }

    /// The command line as a shell takes it.
    private static var commandLine: String {
        (["reviewkd"] + CommandLine.arguments.dropFirst()).map(ShellWord.of).joined(separator: " ")
    }

    private static func folder(above path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent().path
    }
}
