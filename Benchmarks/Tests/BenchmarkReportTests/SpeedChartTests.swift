import Foundation
import FoundationXML
import Testing

@testable import BenchmarkReport

@Suite("The chart")
struct SpeedChartTests {
    @Test("It is well-formed, with a bar and a caption for each measured program and work")
    func bars() throws {
        let svg = try #require(
            SpeedChart(plan: Fixture.plan, results: try Fixture.results()).svg)
        #expect(XMLParser(data: Data(svg.utf8)).parse())
        // Distillation of both pairs and the evaluation, and the legends of both panels.
        #expect(try count("<rect[^>]*\(Program.ours.color)", in: svg) == 3 + 2)
        #expect(try count("<rect[^>]*\(Program.compile.color)", in: svg) == 1 + 2)
        #expect(try count("<rect[^>]*\(Program.plain.color)", in: svg) == 2 + 2)
        #expect(try count(">250<", in: svg) == 1)
        // Batches 64, 128 and 512 of ours, 128 of the others, 512 of plain PyTorch.
        #expect(try count("<circle", in: svg) == 3 + 1 + 2)
    }

    @Test("Without a measurement there is none")
    func nothing() {
        let empty = Results([], revision: "abc1234", machine: "here")
        #expect(SpeedChart(plan: Fixture.plan, results: empty).svg == nil)
    }

    @Test("A value lies at its share of the axis")
    func scale() {
        let panel = Panel(title: "", axis: "", top: 0, largest: 4)
        #expect(panel.y(0) == panel.ground)
        #expect(panel.y(4) == panel.ground - 220)
        #expect(panel.y(1) == panel.ground - 55)
    }

    @Test(
        "Ticks are 1, 2 or 5 times a power of ten",
        arguments: [(0.0, 1.0), (4, 1), (7, 1), (7.5, 2), (30, 5), (0.9, 0.2), (0.06, 0.01)])
    func ticks(_ largest: Double, _ tick: Double) {
        #expect(abs(Panel.tick(for: largest) - tick) < 1e-12)
    }

    private func count(_ pattern: String, in text: String) throws -> Int {
        text.ranges(of: try Regex(pattern)).count
    }
}
