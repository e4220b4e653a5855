import Basics
import Foundation
import TensorFiles
import TensorFilesTestSupport
import Testing

/// A file of weights that must be refused.
struct BadWeights: Sendable, CustomTestStringConvertible {
    let name: String
    let phrases: [String]
    let contents: @Sendable (Workshop) throws -> Data

    var testDescription: String { name }
}

extension BadWeights {
    static let all = [
        BadWeights(
            name: "truncated",
            phrases: ["is not a valid safetensors file", "the file has only", "it is cut off"]
        ) { try $0.read($0.teacher).dropLast(1000) },
        BadWeights(
            name: "of another program",
            phrases: [
                "is a text, not a weights file this tool reads", "expected a safetensors file",
            ]
        ) { _ in Data("Dear reader, these are no weights.\n".utf8) },
        BadWeights(
            name: "with a header beyond the file",
            phrases: ["the header claims 2000 bytes, but only 2 follow", "cut off"]
        ) { _ in header(length: 2000, "{}") },
        BadWeights(
            name: "with a header beyond 64 bits",
            phrases: ["the header may have", "bytes at most, but claims 18446744073709551615"]
        ) { _ in header(length: .max, "{}") },
        BadWeights(
            name: "with a tensor beyond the file",
            phrases: ["entry 'w' ends at byte 4000 of the data, but the file has only 0"]
        ) { _ in
            header(#"{"w":{"dtype":"F32","shape":[1000],"data_offsets":[0,4000]}}"#)
        },
        BadWeights(
            name: "with a shape beyond 64 bits",
            phrases: ["entry 'w' has the shape", "whose size no computer can address"]
        ) { _ in
            let size = "4611686018427387904"
            return header(
                #"{"w":{"dtype":"F32","shape":[\#(size),\#(size)],"data_offsets":[0,0]}}"#)
        },
        BadWeights(
            name: "with an offset beyond 64 bits",
            phrases: ["is not a valid safetensors file", "the header should have"]
        ) { _ in
            header(
                #"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,99999999999999999999]}}"#)
        },
        BadWeights(
            name: "not finite",
            phrases: [
                "the weights do not fit resnet14", "1 not finite", "as after a run that diverged",
            ]
        ) { workshop in
            var file = try WeightFile.read(path: workshop.url(workshop.teacher).path)
            let index = try #require(file.entries.firstIndex { $0.elementType == .float32 })
            // The float NaN, little endian, in place of the first value.
            file.entries[index].bytes =
                Data([0, 0, 0xC0, 0x7F]) + file.entries[index].bytes.dropFirst(4)
            return try Safetensors.encode(entries: file.entries)
        },
        BadWeights(
            name: "of another architecture",
            phrases: ["the weights do not fit resnet14", "30 missing key(s)", "those of resnet8"]
        ) { try $0.read($0.reference + "/student-last.safetensors") },
        BadWeights(
            name: "that would execute code",
            phrases: [
                "is not a PyTorch checkpoint that can be read", "posix.system",
                "nothing of the file was executed",
            ]
        ) { _ in try fixture("malicious.pt") },
        BadWeights(
            name: "corrupted by one bit",
            phrases: ["should have the CRC-32", "its bytes are damaged"]
        ) { _ in
            var archive = try fixture("small.pt")
            // The float 1, little endian: the contents of the archive's only storage.
            let ones = try #require(archive.range(of: Data([0, 0, 0x80, 0x3F, 0, 0, 0x80, 0x3F])))
            archive[ones.lowerBound] ^= 1
            return archive
        },
    ]

    private static func header(length: UInt64? = nil, _ text: String) -> Data {
        let length = length ?? UInt64(text.utf8.count)
        return withUnsafeBytes(of: length.littleEndian) { Data($0) } + Data(text.utf8)
    }

    /// A file that PyTorch made for the tests of the readers.
    private static func fixture(_ name: String) throws -> Data {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try Data(
            contentsOf: tests.appending(components: "TensorFilesTests", "Fixtures", name))
    }
}

extension CommandLineSuite {
    @Suite("Weights")
    struct BadWeightsTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        @Test("as a teacher are refused before anything is written", arguments: BadWeights.all)
        func refused(_ weights: BadWeights) throws {
            let path = workshop.fresh("weights")
            let contents = try weights.contents(workshop)
            try workshop.write(contents, to: path)
            let output = workshop.fresh("untaught")
            let outcome = try workshop.run(workshop.distill(to: output, teacher: path))
            #expect(outcome.status == 1)
            #expect(outcome.sentence.contains(path))
            for phrase in weights.phrases {
                #expect(outcome.sentence.contains(phrase), "\(outcome.errors)")
            }
            #expect(outcome.output.isEmpty)
            #expect(!workshop.exists(output))
            #expect(!workshop.exists("reviewkd-was-here"), "the pickle's code was executed")
            try #expect(workshop.read(path) == contents)
        }

        @Test("that are finite but too large give an error instead of a loss")
        func tooLarge() throws {
            let path = workshop.fresh("weights")
            var file = try WeightFile.read(path: workshop.url(workshop.teacher).path)
            for index in file.entries.indices where file.entries[index].elementType == .float32 {
                // The float 1.5 · 2¹²⁶, little endian.
                let count = file.entries[index].bytes.count / 4
                file.entries[index].bytes = Data(
                    (0..<count).flatMap { _ in [0, 0, 0xC0, 0x7E] as [UInt8] })
            }
            try workshop.write(Safetensors.encode(entries: file.entries), to: path)
            let outcome = try workshop.run([
                "evaluate", path, "--model", "resnet14", "--dataset", "cifar100", "--data", "data",
                "--json",
            ])
            #expect(outcome.status == 1)
            #expect(outcome.sentence.contains("\(path): the mean loss is "), "\(outcome.errors)")
            #expect(outcome.sentence.contains("the weights are too large for this precision"))
            #expect(outcome.output.isEmpty)
        }

        @Test(
            "in the form of 2019, under a key of its own and with a prefix, are those of the teacher"
        )
        func oldForm() throws {
            let file = try WeightFile.read(path: workshop.url(workshop.teacher).path)
            let renamed = file.entries.map { entry in
                var entry = entry
                entry.name = "module.\(entry.name)"
                return entry
            }
            let path = workshop.fresh("teacher") + ".pth"
            try workshop.write(
                OldCheckpointWriter.file(
                    .dictionary([
                        ("opt", .object("argparse\nNamespace")), ("mine", .tensors(renamed)),
                    ])), to: path)
            func evaluate(_ file: String, _ key: [String] = []) throws -> Outcome {
                try workshop.run(
                    [
                        "evaluate", file, "--model", "resnet14", "--dataset", "cifar100", "--data",
                        "data",
                    ]
                        + ["--json"] + key)
            }
            let outcome = try evaluate(path, ["--weights-key", "mine"])
            #expect(outcome.output == (try evaluate(workshop.teacher).output))
            #expect(
                outcome.errors.contains("note: \(path): took the prefix 'module.' off the names\n"))
            let unnamed = try evaluate(path)
            #expect(unnamed.status == 1)
            #expect(
                unnamed.sentence.hasSuffix("name that with --weights-key mine."),
                "\(unnamed.errors)")
            let output = workshop.fresh("taught")
            let taught = try workshop.run(
                workshop.distill(to: output, teacher: path) + ["--weights-key", "mine"])
            #expect(taught.status == 0, "\(taught.errors)")
            #expect(
                try workshop.read(output + "/student-last.safetensors")
                    == workshop.read(workshop.reference + "/student-last.safetensors"))
        }

        @Test("under a key that the file does not have are refused with the keys that it has")
        func unknownKey() throws {
            let entries = try WeightFile.read(path: workshop.url(workshop.teacher).path).entries
            let wrapped = workshop.fresh("teacher") + ".pth"
            try workshop.write(
                OldCheckpointWriter.file(
                    .dictionary([("state_dict", .tensors(entries)), ("best", .tensors([]))])),
                to: wrapped)
            let plain = workshop.fresh("teacher") + ".pth"
            try workshop.write(OldCheckpointWriter.file(.tensors(entries)), to: plain)
            func evaluate(_ path: String, _ key: [String]) throws -> Outcome {
                try workshop.run(
                    [
                        "evaluate", path, "--model", "resnet14", "--dataset", "cifar100", "--data",
                        "data",
                    ] + key)
            }
            let cases = [
                (
                    wrapped, "'state_dict' (a dictionary",
                    "; leave --weights-key out, or name one that holds tensors: 'state_dict'."
                ),
                (plain, "'bn1.num_batches_tracked' (a tensor)", "; leave --weights-key out."),
            ]
            for (path, top, remedy) in cases {
                let refused = try evaluate(path, ["--weights-key", "foo"])
                #expect(refused.status == 1)
                let start =
                    "Error: \(path): it has no weights under the key 'foo', and at its top it has "
                #expect(refused.sentence.hasPrefix(start + top), "\(refused.errors)")
                #expect(refused.sentence.hasSuffix(remedy), "\(refused.errors)")
                #expect(try evaluate(path, []).status == 0)
            }
            let prefix = try evaluate(workshop.teacher, ["--weights-key", "foo"])
            #expect(
                prefix.sentence.hasSuffix("; leave --weights-key out, or name another beginning."),
                "\(prefix.errors)")
        }

        @Test(
            "under a key that a shell would read in another way are taken by the advice as it stands",
            arguments: ["my key", "it's", "--x", "$HOME"])
        func keysForAShell(key: String) throws {
            let file = try WeightFile.read(path: workshop.url(workshop.teacher).path)
            let path = workshop.fresh("teacher") + ".pth"
            try workshop.write(
                OldCheckpointWriter.file(.dictionary([(key, .tensors(file.entries))])), to: path)
            let arguments = [
                "evaluate", path, "--model", "resnet14", "--dataset", "cifar100", "--data", "data",
            ]
            let unnamed = try workshop.run(arguments)
            let advice = try #require(
                unnamed.sentence.firstMatch(of: /name that with (--weights-key.*)\.$/),
                "\(unnamed.errors)")
            let outcome = try workshop.run(arguments, script: "exec \"$@\" \(advice.1)")
            #expect(outcome.status == 0, "\(outcome.errors)")
        }

        @Test("that a student starts from are taken from under their key")
        func studentWeights() throws {
            let file = try WeightFile.read(
                path: workshop.url(workshop.reference + "/student-last.safetensors").path)
            let path = workshop.fresh("student") + ".pth"
            try workshop.write(
                OldCheckpointWriter.file(.dictionary([("mine", .tensors(file.entries))])), to: path)
            for command in [["train"], ["distill", "--teacher", workshop.teacher]] {
                let arguments =
                    command + [
                        "pair.yaml", "--data", "data", "--student-weights", path, "--max-steps",
                        "1", "--output",
                    ]
                let unnamed = try workshop.run(arguments + [workshop.fresh("on")])
                let advice = "name that with --student-weights-key mine."
                #expect(unnamed.sentence.hasSuffix(advice), "\(unnamed.errors)")
                let outcome = try workshop.run(
                    arguments + [workshop.fresh("on"), "--student-weights-key", "mine"])
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
        }

        @Test(
            "of another model are used by the advice as it stands, whichever option names the file",
            arguments: [
                (
                    ["evaluate", "STUDENT", "--dataset", "cifar100", "--model", "resnet14"],
                    "--model resnet8", "file"
                ),
                (
                    ["distill", "pair.yaml", "--teacher", "STUDENT", "--output", "OUTPUT"],
                    "--set teacher.model=resnet8", "--teacher"
                ),
                (
                    [
                        "distill", "pair.yaml", "--teacher", "TEACHER", "--output", "OUTPUT",
                        "--student-weights", "TEACHER",
                    ], "--set student.model=resnet14", "--student-weights"
                ),
                (
                    ["train", "pair.yaml", "--output", "OUTPUT", "--student-weights", "TEACHER"],
                    "--model resnet14", "--student-weights"
                ),
            ])
        func ofAnotherModel(_ words: [String], _ advice: String, _ other: String) throws {
            let files = [
                "TEACHER": workshop.teacher, "OUTPUT": workshop.fresh("renamed"),
                "STUDENT": workshop.reference + "/student-last.safetensors",
            ]
            let limit = words[0] == "evaluate" ? [] : ["--max-steps", "1"]
            let arguments = words.map { files[$0] ?? $0 } + ["--data", "data"] + limit
            let refused = try workshop.run(arguments)
            #expect(refused.status == 1)
            let found = try #require(
                refused.sentence.firstMatch(
                    of: /; they are those of resnet\d+; give (--.+), or another (.+)$/),
                "\(refused.errors)")
            #expect(found.1 == advice && found.2 == other)
            // Of an option that stands there twice the last counts.
            let outcome = try workshop.run(
                arguments + advice.split(separator: " ").map(String.init))
            #expect(outcome.status == 0, "\(outcome.errors)")
        }

        @Test("that are a run's checkpoint are refused with the file to take")
        func ownCheckpoint() throws {
            let path = try workshop.checkpoint(workshop.reference)
            let outcome = try workshop.run(
                workshop.distill(to: workshop.fresh("untaught"), teacher: path))
            #expect(outcome.status == 1)
            #expect(
                outcome.sentence.contains(
                    "Take \(workshop.reference)/student-last.safetensors, which holds the student alone"
                ),
                "\(outcome.errors)")
        }

        @Test("of a run without an epoch are sought neither in its folder nor in its checkpoint")
        func unfinishedRun() throws {
            let run = workshop.fresh("begun")
            try workshop.copy(workshop.reference, to: run)
            try FileManager.default.removeItem(at: workshop.url(run + "/student-last.safetensors"))
            let copied = workshop.fresh("checkpoint") + ".safetensors"
            try workshop.copy(workshop.checkpoint(workshop.reference), to: copied)
            for path in [run, run + "/", try workshop.checkpoint(run), copied] {
                let outcome = try workshop.run(
                    workshop.distill(to: workshop.fresh("untaught"), teacher: path))
                #expect(outcome.status == 1)
                #expect(
                    outcome.sentence.hasSuffix(
                        "Go on with the run by --resume to the end of an epoch, which writes "
                            + "student-last.safetensors, and take that."), "\(outcome.errors)")
            }
        }

        @Test("that do not exist are named")
        func missing() throws {
            let output = workshop.fresh("untaught")
            let outcome = try workshop.run(workshop.distill(to: output, teacher: "nowhere.pth"))
            #expect(outcome.status == 1)
            #expect(
                outcome.sentence
                    == "Error: nowhere.pth: expected a file of weights, but it does not exist; "
                    + "check the path and its permissions.")
            #expect(!workshop.exists(output))
        }
    }
}
