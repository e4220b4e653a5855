import Foundation
import RecordStore

/// Records a made run.
///
/// `record-writer FILE NAME STEPS [wait]`; with `wait` it goes on until it is killed.
@main
struct RecordWriter {
    static func main() throws {
        let arguments = CommandLine.arguments
        let steps = Int(arguments[3]) ?? 0
        var run = RunDescription(
            folder: "/runs/" + arguments[2], name: arguments[2], kind: "train", recipe: "made",
            recipeText: "name: made\n", settings: ["seed": "0"], seedGroup: "made",
            method: "alone", seed: 0, epochs: 1, score: "top1")
        run.steps = steps
        let store = try RecordStore(path: arguments[1], access: .write)
        let recorder = try RunRecorder(run, in: store, keepsPoints: false) { error in
            print("warning: \(error)")
        }
        for step in 1...steps {
            var update = RunUpdate()
            update.points = [RunPoint(series: "step/loss", step: step, value: 1 / Double(step))]
            update.progress = RunProgress(epoch: 0, step: step)
            recorder.add(update)
            // As if it trained, so that the writers' transactions meet.
            if step % 10 == 0 { usleep(20_000) }
        }
        while arguments.count > 4 { sleep(1) }
        var update = RunUpdate()
        update.state = (.finished, nil)
        recorder.finish(update)
        print("trained")
    }
}
