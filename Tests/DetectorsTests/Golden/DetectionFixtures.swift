import Foundation
import Testing
import TorchTestSupport

/// Operations, networks and training steps against detectron2 and the authors' code.
///
/// The files lie in `Tests/Fixtures/detection` and `Tests/DetectorsTests/Fixtures`, or in the folder that
/// `REVIEWKD_DETECTION_FIXTURES` names.
@Suite struct DetectionFixtures {
    @Test("There are files of golden values for detection, and every one is of a known kind")
    func folderHoldsKnownFiles() {
        let folders = DetectionFile.folders.map(\.path)
        #expect(!DetectionFile.all.isEmpty, "no .json file in \(folders)")
        for file in DetectionFile.all {
            #expect(
                file.check != nil,
                "\(file.name) is of no known kind: teach DetectionCheck.all about it, or remove it")
        }
    }

    @Test("Every file of detection agrees in float64 to 1e-6", arguments: DetectionFile.all)
    func agreesInFloat64(_ file: DetectionFile) throws {
        guard let check = file.check else { return }
        var agreement = Agreement()
        do {
            try check.run(file, &agreement)
        } catch {
            Issue.record("\(file.name): \(error)")
        }
        let rest = agreement.notCompared.joined(separator: ", ")
        print(
            "detection \(file.name): \(agreement.valueCount) values, "
                + "largest error \(agreement.largestError)"
                + (rest.isEmpty ? "" : "; not compared: \(rest)"))
        let isCommitted = ProcessInfo.processInfo.environment["REVIEWKD_DETECTION_FIXTURES"] == nil
        #expect(!isCommitted || rest.isEmpty, "\(file.name) has what is not compared: \(rest)")
        #expect(agreement.valueCount > 0, "\(file.name) compared nothing")
        let count = agreement.disagreements.count
        #expect(count == 0, "\(count) values of \(file.name) disagree; the first ten:")
        for disagreement in agreement.disagreements.prefix(10) {
            Issue.record("\(file.name): \(disagreement)")
        }
    }
}
