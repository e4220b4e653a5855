import CZlib
import Foundation
import Testing

extension CommandLineSuite {
    @Suite("Data")
    struct BadDataTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        @Test("that are truncated are refused")
        func truncated() throws {
            try expectRefusal(
                SmallData.records(32, seed: 2).dropLast(100),
                ["expected 10000 records of 3074 bytes, found 98268 bytes", "truncated"])
        }

        @Test("with a label that no class has are refused")
        func foreign() throws {
            var records = SmallData.records(32, seed: 2)
            records[3074 + 1] = 200
            try expectRefusal(
                records, ["expected a label below 100 in byte 1 of record 1, found 200", "check"])
        }

        @Test("that are empty are refused")
        func empty() throws {
            try expectRefusal(Data(), ["expected 10000 records of 3074 bytes, found 0 bytes"])
        }

        @Test("that are missing are named, with the command that gets them")
        func missing() throws {
            for word in ["empty", "my images"] {
                let folder = workshop.fresh(word)
                try FileManager.default.createDirectory(
                    at: workshop.url(folder), withIntermediateDirectories: true)
                let outcome = try evaluate(in: folder)
                #expect(outcome.status == 1)
                #expect(outcome.sentence.contains("expected the folder cifar-100-binary"))
                #expect(outcome.sentence.contains("found nothing"))
                let command = /run `reviewkd datasets fetch cifar100 --data ([^`]*)`, which/
                let match = try #require(
                    outcome.sentence.firstMatch(of: command), "\(outcome.errors)")
                #expect(match.1.contains("\(folder)"), "\(outcome.errors)")
            }
        }

        @Test("in a folder that does not exist are answered with that")
        func nowhere() throws {
            let outcome = try evaluate(in: "nowhere")
            #expect(outcome.status == 1)
            #expect(
                outcome.sentence.contains(
                    "nowhere: expected a folder with cifar100, but there is nothing of that name; check --data, or run"
                ))
        }

        @Test("behind a pipe are refused instead of waited for")
        func pipe() throws {
            let folder = workshop.fresh("pipe") + "/cifar-100-binary"
            try FileManager.default.createDirectory(
                at: workshop.url(folder), withIntermediateDirectories: true)
            #expect(mkfifo(workshop.url(folder + "/test.bin").path, 0o600) == 0)
            let outcome = try evaluate(in: folder)
            #expect(outcome.status == 1)
            #expect(
                outcome.sentence.contains(
                    "test.bin could not be read: it is a pipe, expected a file"))
        }

        @Test("that a recipe needs and nobody named are asked for")
        func unnamed() throws {
            let output = workshop.fresh("dataless")
            let outcome = try workshop.run(["train", "pair.yaml", "--output", output])
            #expect(outcome.status == 1)
            #expect(
                outcome.sentence.contains(
                    "no folder of images is given for the data set cifar100. Name the one that holds the data set with --data"
                ))
            #expect(!workshop.exists(output))
        }

        @Test("in an archive with a path that leaves its folder are neither read nor unpacked")
        func escapingArchive() throws {
            let folder = workshop.fresh("hostile")
            let archive = folder + "/cifar-100-binary.tar.gz"
            try workshop.write(Data(), to: archive)
            let escaped = "escaped-\(folder)"
            try writeArchive(
                ["cifar-100-binary/test.bin", "../\(escaped)"], to: workshop.url(archive).path)

            let read = try evaluate(in: folder)
            #expect(read.status == 1)
            #expect(read.sentence.contains("expected members inside the archive's folder"))
            #expect(read.sentence.contains("\"../\(escaped)\", which leaves it"))

            let target = workshop.fresh("fetched") + "/data"
            let fetched = try workshop.run([
                "datasets", "fetch", "cifar100", "--data", target, "--url",
                workshop.url(archive).absoluteString,
            ])
            #expect(fetched.status == 1)
            #expect(fetched.sentence.contains("cifar-100-binary.tar.gz"), "\(fetched.errors)")
            #expect(fetched.output.isEmpty)
            for place in [folder, target, target + "/.."] {
                #expect(!workshop.exists(place + "/../\(escaped)"))
            }
            try #expect(!workshop.contents(target).keys.contains { $0.hasSuffix(".bin") })
        }

        private func expectRefusal(
            _ testFile: Data, _ phrases: [String],
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let folder = workshop.fresh("data")
            let path = folder + "/cifar-100-binary/test.bin"
            try workshop.write(SmallData.records(64, seed: 1), to: folder + "/train.bin")
            try workshop.write(testFile, to: path)
            let outcome = try evaluate(in: folder)
            #expect(outcome.status == 1, sourceLocation: sourceLocation)
            for phrase in phrases + [path] {
                #expect(
                    outcome.sentence.contains(phrase), "\(outcome.errors)",
                    sourceLocation: sourceLocation)
            }
            #expect(outcome.output.isEmpty, sourceLocation: sourceLocation)
            try #expect(workshop.read(path) == testFile, sourceLocation: sourceLocation)
        }

        private func evaluate(in folder: String) throws -> Outcome {
            try workshop.run([
                "evaluate", workshop.teacher, "--model", "resnet14", "--dataset", "cifar100",
                "--data", folder,
            ])
        }

        /// A tar archive of members with one record each, compressed by zlib itself.
        private func writeArchive(_ members: [String], to path: String) throws {
            let contents = SmallData.records(1, seed: 3)
            var tar = Data()
            for member in members {
                var header = [UInt8](repeating: 0, count: 512)
                func put(_ text: String, at offset: Int) {
                    header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
                }
                put(member, at: 0)
                put("0000644", at: 100)
                put(String(contents.count, radix: 8), at: 124)
                put("        ", at: 148)
                put("0", at: 156)
                put("ustar\u{0}00", at: 257)
                put(String(header.reduce(0) { $0 + Int($1) }, radix: 8) + "\u{0} ", at: 148)
                tar += header + contents + Data(count: (512 - contents.count % 512) % 512)
            }
            tar += Data(count: 1024)
            let file = try #require(gzopen(path, "wb"))
            let written = tar.withUnsafeBytes { gzwrite(file, $0.baseAddress, UInt32($0.count)) }
            #expect(written == tar.count)
            #expect(gzclose(file) == Z_OK)
        }
    }
}
