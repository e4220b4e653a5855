import Foundation
import Recipes
import RecordStore
import Torch
import Training

/// The file in which the runs of one command are recorded.
///
/// Where it cannot be used, that is told once, and the runs go on without it.
package final class RecordBook {
    private let path: String
    private let root: String
    private let kind: String
    private let command: String
    private let warn: @Sendable (RecordError) -> Void
    private var store: RecordStore?
    private var hasFailed = false

    /// Chooses a file; nothing is opened before the first run begins.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - root: the folder from which runs have their names.
    ///   - kind: the command, such as `train`.
    ///   - command: the command line as a shell takes it.
    ///   - warn: called with why nothing is recorded, perhaps on another thread.
    package init(
        path: String, root: String, kind: String, command: String,
        warn: @escaping @Sendable (RecordError) -> Void
    ) {
        self.path = path
        self.root = root
        self.kind = kind
        self.command = command
        self.warn = warn
    }

    /// Begins the record of a run.
    ///
    /// - Parameters:
    ///   - recipe: as resolved.
    ///   - folder: the run's.
    ///   - steps: how many it has.
    ///   - options: what it has beside its recipe.
    /// - Returns: what takes its events; nil where nothing can be recorded.
    package func begin(
        _ recipe: Recipe, in folder: String, steps: Int?, options: RunOptions
    ) -> RecordedTraining? {
        guard !hasFailed else { return nil }
        var run = RunDescription(recipe, in: folder, kind: kind, below: root)
        run.command = command
        run.steps = steps
        run.revision = options.revision
        run.libtorch = Runtime.version
        run.device = "\(options.device)"
        run.processor = processorName(of: options.device)
        if options.device == .cpu {
            run.kernels = "\(Processor.current.convolution.rawValue), \(Runtime.cpuCapability)"
        }
        do throws(RecordError) {
            return RecordedTraining(
                try RunRecorder(run, in: opened(), keepsPoints: options.resume, warn: warn), run)
        } catch {
            fail(error)
            return nil
        }
    }

    /// Takes in what the folders of runs have.
    ///
    /// - Parameter folder: above them.
    package func index(_ folder: String) {
        guard !hasFailed else { return }
        do {
            _ = try RunIndex(opened(), root: root).index(folder)
        } catch {
            fail(error as? RecordError ?? .unusable(path: path, reason: "\(error)"))
        }
    }

    private func opened() throws(RecordError) -> RecordStore {
        if let store { return store }
        let opened = try RecordStore(path: path, access: .write)
        store = opened
        return opened
    }

    private func fail(_ error: RecordError) {
        hasFailed = true
        warn(error)
    }
}
