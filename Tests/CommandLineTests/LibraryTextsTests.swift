import Foundation
import Testing

extension CommandLineSuite {
    @Suite("The libraries")
    struct LibraryTextsTests {
        private static let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()

        /// The targets that are the tool.
        private static let tool = [
            "reviewkd", "Remedies", "CommandOptions", "RecordCommands", "ExportCommands",
        ]

        /// Looks at everything in `Sources` but the targets that are the tool, that is no
        /// comment, in Swift, C++ and C: at all string literals with their interpolations, and at the code between them, where none of this can
        /// stand anyway.
        @Test("name no option, no command and no make target of the tool in any text")
        func texts() throws {
            let sources = Self.root.appending(component: "Sources")
            let names = try FileManager.default.subpathsOfDirectory(atPath: sources.path).filter {
                name in
                ["swift", "cpp", "h"].contains((name as NSString).pathExtension)
                    && !Self.tool.contains(String(name.prefix { $0 != "/" }))
            }
            #expect(names.contains("Training/TrainingError.swift"))
            #expect(names.contains { $0.hasPrefix("CTorch/") })
            let patterns = try patterns()
            for name in names {
                let text = try String(
                    contentsOf: sources.appending(path: name), encoding: .utf8)
                for (index, line) in Self.withoutComments(text).enumerated() {
                    for pattern in patterns {
                        let match = line.firstMatch(of: pattern)
                        #expect(match == nil, "\(name):\(index + 1): \(line)")
                    }
                }
            }
        }

        @Test("are searched for what the tool's own texts have")
        func patternsFind() throws {
            let patterns = try patterns()
            let own = [
                "\"use --device cpu\"", "\"(see `reviewkd models`)\"", "\"run `make build-cuda`\"",
            ]
            for text in own {
                let line = try #require(Self.withoutComments(text).first)
                #expect(patterns.contains { line.firstMatch(of: $0) != nil }, "\(text)")
            }
            let comments = Self.withoutComments("let a = \"https://b\"  // --set\n/// `--set`\n")
            #expect(
                comments.map { $0.trimmingCharacters(in: .whitespaces) } == [
                    "let a = \"https://b\"", "", "",
                ])
        }

        /// An option in any spelling, the tool's commands, the targets of the Makefile.
        private func patterns() throws -> [Regex<AnyRegexOutput>] {
            let text = try Workshop.shared().run(["--experimental-dump-help"]).output
            let dump = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            let command = try #require(dump?["command"] as? [String: Any])
            let commands = try #require(command["subcommands"] as? [[String: Any]])
                .compactMap { $0["commandName"] as? String }
            #expect(commands.contains("distill"))
            let makefile = try String(
                contentsOf: Self.root.appending(component: "Makefile"), encoding: .utf8)
            let targets = makefile.split(separator: "\n").compactMap {
                $0.prefixMatch(of: /([a-z][a-z-]*):/).map { String($0.1) }
            }
            #expect(targets.contains("build-cuda"))
            return try [
                Regex("--[a-z]+"), Regex("reviewkd (\(commands.joined(separator: "|")))\\b"),
                Regex("\\bmake (\(targets.joined(separator: "|")))\\b"),
            ]
        }

        /// The lines of a source without their comments.
        ///
        /// A quotation mark opens or closes a text; one inside an interpolation does both, which comes to the same.
        private static func withoutComments(_ source: String) -> [String] {
            var isMultiline = false
            var isBlockComment = false
            return source.split(separator: "\n", omittingEmptySubsequences: false).map { line in
                var kept = ""
                var isText = isMultiline
                var rest = line[...]
                while let letter = rest.first {
                    if isBlockComment {
                        isBlockComment = !rest.hasPrefix("*/")
                        rest = rest.dropFirst(isBlockComment ? 1 : 2)
                        continue
                    }
                    if rest.hasPrefix("\"\"\"") {
                        isMultiline.toggle()
                        isText = isMultiline
                        rest = rest.dropFirst(3)
                        continue
                    }
                    if !isText, rest.hasPrefix("//") { break }
                    if !isText, rest.hasPrefix("/*") {
                        isBlockComment = true
                        continue
                    }
                    let isEscape = isText && letter == "\\"
                    if letter == "\"", !isMultiline { isText.toggle() }
                    kept += rest.prefix(isEscape ? 2 : 1)
                    rest = rest.dropFirst(isEscape ? 2 : 1)
                }
                return kept
            }
        }
    }
}
