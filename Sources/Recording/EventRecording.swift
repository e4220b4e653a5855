import Basics
import EventFiles
import Foundation
import RunRecords
import Training

/// Writes what a run tells into TensorBoard's event files.
///
/// Where a file cannot be written, that is told once, and the run goes on without it.
package final class EventRecording {
    /// A picture for TensorBoard.
    package struct Image {
        /// What it is called.
        package let tag: String

        /// A PNG file with three channels.
        package let png: Data

        /// Its height and width in pixels.
        package let size: (height: Int, width: Int)

        /// Gathers them.
        package init(tag: String, png: Data, size: (height: Int, width: Int)) {
            self.tag = tag
            self.png = png
            self.size = size
        }
    }

    private var file: EventFile?
    private let warn: (String) -> Void

    /// What draws the method after an epoch; nil where it has no pictures.
    package var pictures: (() throws -> [Image])?

    /// Begins a file.
    ///
    /// - Parameters:
    ///   - folder: TensorBoard's log folder of this run.
    ///   - warn: called with why nothing is written.
    package init(in folder: String, warn: @escaping (String) -> Void) {
        self.warn = warn
        do {
            file = try EventFile(in: folder)
        } catch {
            warn("\(error)")
        }
    }

    /// Writes an event down.
    package func record(_ event: TrainingEvent) {
        guard let file else { return }
        do {
            switch event {
            case .remark, .warning, .evaluation: break
            case .step(let step):
                try file.add(
                    scalars: step.terms.map { (tag: "step/\($0.name)", value: $0.value) },
                    step: step.number)
            case .epoch(let epoch, _): try record(epoch, in: file)
            }
        } catch {
            self.file = nil
            warn("\(error)")
        }
    }

    private func record(_ epoch: EpochRecord, in file: EventFile) throws {
        let scalars = epoch.curves.sorted { $0.name < $1.name }
        try file.add(scalars: scalars.map { (tag: $0.name, value: $0.value) }, step: epoch.step)
        for image in try pictures?() ?? [] {
            try file.add(
                png: image.png, size: image.size, isGrey: false, tag: image.tag, step: epoch.step)
        }
    }
}
