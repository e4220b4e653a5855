import Foundation
import Testing

/// What can have happened to a checkpoint.
struct Damage: Sendable, CustomTestStringConvertible {
    let name: String
    let phrases: [String]
    let apply: @Sendable (Data, Workshop) throws -> Data

    var testDescription: String { name }

    static let all = [
        Damage(
            name: "truncated", phrases: ["is not a checkpoint of this tool", "it is cut off"]
        ) { contents, _ in contents.dropLast(1000) },
        Damage(
            name: "corrupted by one bit",
            phrases: ["is damaged: its SHA-256 should be", "found", "Restore the file"]
        ) { contents, _ in
            var contents = contents
            contents[contents.endIndex - 1000] ^= 0x10
            return contents
        },
        Damage(
            name: "foreign text",
            phrases: ["is not a checkpoint of this tool", "Move the file away"]
        ) { _, _ in Data("no checkpoint".utf8) },
        Damage(
            name: "foreign weights",
            phrases: ["is not a checkpoint of this tool", "is missing in its metadata"]
        ) { _, workshop in try workshop.read(workshop.teacher) },
        Damage(
            name: "of another architecture",
            phrases: [
                "is of other networks, and nothing was changed", "46 missing, 36 unexpected",
                "move the checkpoint away to start the run over, or restore the right one",
            ]
        ) { _, workshop in try workshop.read(workshop.checkpoint("teacher")) },
    ]
}

extension CommandLineSuite {
    @Suite("A checkpoint")
    struct BadCheckpointTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        @Test("that is damaged is refused, and nothing is lost", arguments: Damage.all)
        func refused(_ damage: Damage) throws {
            let output = workshop.fresh("damaged")
            try workshop.copy(workshop.reference, to: output)
            let path = try workshop.checkpoint(output)
            try workshop.write(damage.apply(try workshop.read(path), workshop), to: path)
            let before = try workshop.contents(output)
            let outcome = try workshop.run(workshop.distill(to: output) + ["--resume"])
            #expect(outcome.status == 1)
            for phrase in damage.phrases {
                #expect(outcome.sentence.contains(phrase), "\(outcome.errors)")
            }
            #expect(outcome.sentence.contains(output))
            #expect(outcome.output.isEmpty)
            try #expect(workshop.contents(output) == before)
        }

        @Test("that cannot be read is named with the reason and the remedy")
        func unreadable() throws {
            let output = workshop.fresh("unreadable")
            try workshop.copy(workshop.reference, to: output)
            let path = try workshop.checkpoint(output)
            try FileManager.default.removeItem(at: workshop.url(path))
            try FileManager.default.createDirectory(
                at: workshop.url(path), withIntermediateDirectories: false)
            let outcome = try workshop.run(workshop.distill(to: output) + ["--resume"])
            #expect(outcome.status == 1)
            #expect(
                outcome.sentence
                    == "Error: \(path) could not be read: it is a folder. Nothing was changed. Check its "
                    + "permissions, or move it away to start the run over.", "\(outcome.errors)")
        }
    }
}
