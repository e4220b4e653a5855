import Foundation
import Testing

extension WholeRunsSuite {
    @Suite("A terminal")
    struct TerminalTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        private func show(
            _ arguments: [String], columns: Int, environment: [String: String] = [:],
            watch: (Terminal, String) -> Void = { _, _ in }
        ) throws -> String {
            let terminal = try Terminal()
            terminal.resize(columns: columns)
            let run = try RunningTool(
                arguments.filter { $0 != "--quiet" }, in: workshop.folder,
                environment: environment, terminal: terminal.keyboard)
            let text = terminal.contents(of: run) { watch(terminal, $0) }
            #expect(try run.outcome().status == 0, "\(text)")
            return text
        }

        private func run(epochs: Int) -> [String] {
            workshop.distill(to: workshop.fresh("shown")) + ["--epochs", "\(epochs)"]
        }

        @Test(
            "of any width has the progress on one line, with the time left in view, and keeps none of it",
            arguments: [(12, 12), (40, 40), (80, 80), (120, 120), (0, 80)])
        func width(columns: Int, expected: Int) throws {
            let screen = Screen(try show(run(epochs: 6), columns: columns), columns: expected)
            #expect(screen.drawn.count > 2)
            for line in screen.drawn {
                #expect(line.count < expected, "\(line)")
                #expect(line.contains(" left"), "\(line)")
                #expect(line.contains("epoch ") == (expected > 12), "\(line)")
                #expect(line.contains("review ") == (expected >= 120), "\(line)")
                #expect(line.contains("images/s") || expected < 80, "\(line)")
                #expect(line.contains("░") || line.contains("█") || expected < 80, "\(line)")
            }
            // What stays are notes and finished epochs, wrapped where they must be.
            #expect(!screen.texts.contains { $0.contains(" left") || $0.contains("░") })
            let whole = screen.texts.joined()
            for epoch in 1...6 { #expect(whole.contains("epoch \(epoch)/6  cross_entropy")) }
        }

        @Test("that changes its width is followed")
        func resizing() throws {
            var isResized = false
            let text = try show(run(epochs: 30), columns: 120) { terminal, text in
                guard !isResized, text.contains(" left") else { return }
                isResized = true
                terminal.resize(columns: 40)
            }
            let screen = Screen(text, columns: 120)
            let (first, last) = try #require(
                screen.drawn.first.flatMap { first in
                    screen.drawn.last.map { (first, $0) }
                })
            #expect(first.count > 40 && first.count < 120, "\(first)")
            #expect(last.count < 40, "\(last)")
        }

        @Test(
            "that is dumb or of no kind gets plain lines, as a file does", arguments: ["dumb", ""])
        func dumb(_ kind: String) throws {
            let text = try show(run(epochs: 2), columns: 80, environment: ["TERM": kind])
            #expect(!text.contains("\u{1B}") && !text.contains("░"))
            #expect(!text.replacing("\r\n", with: "\n").contains("\r"))
            #expect(text.contains("epoch 1/2  step 1/4  cross_entropy "))
        }

        @Test("shows a study's progress in its width, wide letters of a name counted as wide")
        func study() throws {
            let recipe = "短い計画.yaml"
            try workshop.write(
                Data(Workshop.recipe.replacing("epochs: 2", with: "epochs: 6").utf8), to: recipe)
            let arguments = workshop.reproduce(
                workshop.fresh("study"), methods: "kd", seeds: "0", also: ["--schedule", recipe])
            let screen = Screen(try show(arguments, columns: 80), columns: 80)
            let lines = screen.drawn.filter { $0.contains(" left") }
            #expect(lines.contains { $0.contains("短") })
            for line in lines {
                let wide = line.unicodeScalars.count { $0.value > 0x3000 }
                #expect(line.count + wide < 80, "\(line)")
            }
            #expect(!screen.texts.contains { $0.contains(" left") || $0.contains("░") })
        }

        @Test("is not reached by a study whose schedule's file cannot be part of a recipe's name")
        func unusableSchedule() throws {
            let recipe = "my plan.yaml"
            try workshop.write(Data(Workshop.recipe.utf8), to: recipe)
            let output = workshop.fresh("study")
            let outcome = try workshop.run(
                workshop.reproduce(output, also: ["--schedule", recipe]))
            #expect(outcome.status == 1)
            #expect(outcome.sentence.contains("my plan.yaml would become part of recipes' names"))
            #expect(!workshop.exists(output))
        }
    }
}
