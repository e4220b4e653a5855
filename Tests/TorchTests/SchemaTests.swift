import Foundation
import Testing

@testable import Torch

@Suite struct SchemaTests {
    /// After a LibTorch upgrade, read the difference, adapt the calls, and let
    /// `REVIEWKD_UPDATE_SCHEMAS=1 swift test --filter SchemaTests` rewrite the list.
    @Test("Every operator that is called has the schema of the committed list")
    func schemasAreCommitted() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Schemas.txt")
        let found = ATen.allCases.map(\.schema).sorted()
        if ProcessInfo.processInfo.environment["REVIEWKD_UPDATE_SCHEMAS"] == "1" {
            try (found.joined(separator: "\n") + "\n").write(
                to: file, atomically: true, encoding: .utf8)
        }
        let committed = try String(contentsOf: file, encoding: .utf8)
            .split(separator: "\n").map(String.init)
        let difference = found.difference(from: committed)
        for change in difference {
            switch change {
            case .insert(_, let schema, _): print("+ \(schema)")
            case .remove(_, let schema, _): print("- \(schema)")
            }
        }
        #expect(
            difference.isEmpty,
            "\(difference.count) schemas differ in LibTorch \(Runtime.version), printed above")
    }
}
