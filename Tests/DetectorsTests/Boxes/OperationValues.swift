import Foundation
import Testing
import TorchTestSupport

/// The golden values of `Values/operations.json`, which `detection_values.py` wrote from the definitions.
enum OperationValues {
    /// What the file has under a key.
    static func at(_ key: String) throws -> JSONValue {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Values/operations.json")
        return try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: file)).at(key)
    }
}

/// Compares, and reports what does not agree.
func expectAgreement(
    sourceLocation: SourceLocation = #_sourceLocation, _ compare: (inout Agreement) throws -> Void
) rethrows {
    var agreement = Agreement()
    try compare(&agreement)
    #expect(agreement.valueCount > 0, "nothing was compared", sourceLocation: sourceLocation)
    for disagreement in agreement.disagreements.prefix(10) {
        Issue.record("\(disagreement)", sourceLocation: sourceLocation)
    }
}
