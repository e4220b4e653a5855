import CommandOptions
import Foundation
import Testing

@testable import reviewkd

/// The part of `--experimental-dump-help` that says what a command takes.
private struct Dump: Decodable {
    let command: Command

    struct Command: Decodable {
        let commandName: String
        let arguments: [Argument]?
        let subcommands: [Command]?
    }

    struct Argument: Decodable {
        struct Name: Decodable {
            let kind: String
            let name: String
        }
        let kind: String
        let names: [Name]?

        /// The option as it is written, where it takes a value.
        var option: String? {
            guard kind == "option", let long = names?.first(where: { $0.kind == "long" }) else {
                return nil
            }
            return "--" + long.name
        }
    }
}

extension CommandLineSuite {
    @Suite("An empty value")
    struct EmptyValueTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        /// Every command by its words, with its options and how many positional arguments it takes.
        private func commands() throws -> [(words: [String], options: [String], positions: Int)] {
            let text = try workshop.run(["--experimental-dump-help"]).output
            var found: [(words: [String], options: [String], positions: Int)] = []
            func walk(_ command: Dump.Command, _ words: [String]) {
                let arguments = command.arguments ?? []
                found.append(
                    (
                        words, arguments.compactMap(\.option),
                        arguments.count { $0.kind == "positional" }
                    ))
                for sub in command.subcommands ?? [] where sub.commandName != "help" {
                    walk(sub, words + [sub.commandName])
                }
            }
            walk(try JSONDecoder().decode(Dump.self, from: Data(text.utf8)).command, [])
            return found
        }

        @Test("of any option or argument of any command is refused, with the likely cause")
        func everywhere() throws {
            let commands = try commands()
            let all = Set(commands.flatMap(\.options))
            // The walk would find nothing if the form of the dump changed.
            for path in [
                "--output", "--data", "--teacher", "--student-weights", "--teachers", "--merge",
                "--url", "--schedule",
            ] { #expect(all.contains(path)) }
            #expect(commands.contains { $0.words == ["datasets", "fetch"] })
            var refused: [(arguments: [String], phrase: String)] = []
            for command in commands {
                refused += command.options.map {
                    (command.words + [$0, ""], "the value of \($0) is empty")
                }
                refused += (0..<command.positions).map { position in
                    let before = command.words + Array(repeating: "x", count: position)
                    return (before + [" "], "argument \(before.count + 1) is empty")
                }
            }
            // A start for each would take a minute; the program asks the same before anything else.
            for (arguments, phrase) in refused {
                let error = #expect(throws: (any Error).self, "\(arguments)") {
                    try Arguments.refuseEmpty(arguments, for: ReviewKDTool.self)
                }
                let text = error.map { "\($0)" } ?? ""
                #expect(text.contains(phrase), "\(arguments): \(text)")
                #expect(text.contains("a variable of the shell is not set"))
            }
            for (arguments, phrase) in refused.filter({ $0.arguments[0] == "train" }).prefix(3) {
                expectRefusal(try workshop.run(arguments), of: arguments, phrase)
            }
        }

        @Test("of --output writes nowhere, in whatever form it is given")
        func output() throws {
            let forms = [["--output", ""], ["--output="], ["--output", " "], ["--output=\t\n"]]
            for form in forms {
                let arguments = ["train", "pair.yaml", "--data", "data"] + form
                expectRefusal(
                    try workshop.run(arguments), of: arguments, "the value of --output is empty")
            }
            #expect(!FileManager.default.fileExists(atPath: "/recipe.yaml"))
        }

        @Test("may be left out only where the command does without it")
        func remedy() throws {
            let train = ["train", "pair.yaml"]
            let required = [
                train + ["--output", ""], train + ["--output="], ["train", "", "--output", "a"],
                ["evaluate", "a", "--model", "", "--dataset", "cifar100", "--data", "data"],
            ]
            for arguments in required {
                let outcome = try workshop.run(arguments)
                #expect(outcome.sentence.hasSuffix(" is not set: set it"), "\(outcome.errors)")
            }
            let free = [
                train + ["--output", "a", "--data", ""], train + ["--data=", "--output", "a"],
                ["models", ""],
            ]
            for arguments in free {
                let outcome = try workshop.run(arguments)
                #expect(
                    outcome.sentence.hasSuffix(" is not set: set it, or leave it out"),
                    "\(outcome.errors)")
            }
        }

        private func expectRefusal(
            _ outcome: Outcome, of arguments: [String], _ phrase: String,
            sourceLocation: SourceLocation = #_sourceLocation
        ) {
            #expect(outcome.status == 64, "\(arguments)", sourceLocation: sourceLocation)
            #expect(
                outcome.sentence.contains(phrase), "\(arguments): \(outcome.errors)",
                sourceLocation: sourceLocation)
            #expect(
                outcome.sentence.contains("a variable of the shell is not set"),
                sourceLocation: sourceLocation)
        }
    }
}
