import Testing

@testable import BenchmarkReport

@Suite("The page")
struct SpeedPageTests {
    private func page(notes: [Section: String] = [:]) throws -> SpeedPage {
        SpeedPage(
            plan: Fixture.plan, results: try Fixture.results(), notes: notes,
            chart: "speed-avx2.svg")
    }

    @Test(
        "A row has each program's median and spread, and the ratios of the medians",
        arguments: [
            "| distill | 250.0 [240.0–260.0] | 375.0 [350.0–400.0] | 1250 [1000–1500] "
                + "| 1.50 | 5.00 |",
            "| evaluate (forward) | 31.0 [30.0–32.0] | – | – | – | – |",
            "| distill | 1500 | – | 7500 | – | 5.00 |",
            "| ResNet-56 → ResNet-20 | distill | 512.0 [512.0–512.0] | 1024 [1024–1024] "
                + "| 2048 [2048–2048] | 2.00 | 4.00 |",
            "| reviewkd | 250.0 [240.0–260.0] | 1250 [1000–1500] | 5.00 | 1.00 |",
            "| kd | 200.0 | 800.0 | 4.00 | 0.80 |",
            "| 64 | 128.0 | – | – | – | – | 2.00 |",
            "| 512 | 1024 | – | 5120 | – | 5.00 | 2.00 |",
            "| 1 | 400.0 | – | – | – | – |",
            "| 391 | 110.0 [100.0–120.0] | 480.0 [480.0–480.0] | 512.0 [492.3–533.3] "
                + "| 900.0 [900.0–900.0] |",
            "| print the version | 250.0 | – | 2000 | – | 8.00 |",
        ])
    func rows(_ row: String) throws {
        let lines = try page().text.split(separator: "\n")
        #expect(lines.contains { $0 == row })
    }

    @Test("Machine, revision, versions, dates and command stand above, of this revision only")
    func header() throws {
        let text = try page().text
        #expect(text.contains("- machine: Test machine, AVX2, 2 cores; device cpu\n"))
        #expect(text.contains("- code: revision abc1234\n"))
        #expect(text.contains("PyTorch 2.13.0+cpu, Python 3.11.2; reviewkd 0.1.0, LibTorch"))
        #expect(text.contains("- date: 2026-11-25 to 2026-11-26\n"))
        #expect(text.contains("`make bench`"))
        #expect(text.contains("](speed-avx2.svg)"))
        #expect(!text.contains("999"))
    }

    @Test("A section without measurements says why it did not run")
    func notes() throws {
        let notes: [Section: String] = [.epoch: "Not run: no data."]
        let empty = Results([], revision: "abc1234", machine: "here")
        let page = SpeedPage(plan: Fixture.plan, results: empty, notes: notes, chart: nil)
        #expect(page.text.contains("### An epoch on real data\n\nNot run: no data."))
        #expect(page.text.contains("### Threads\n\nNot measured."))
        #expect(!page.text.contains("speed-avx2.svg"))
        // What was measured at another time stays, whatever is lacking today.
        #expect(try !self.page(notes: notes).text.contains("Not run"))
    }

    @Test("A section that this revision lacks is shown as the revision last measured for it had it")
    func formerRevision() throws {
        let results = Results(
            try Fixture.measurements(), revision: "new9999", machine: Fixture.machine)
        let text = SpeedPage(plan: Fixture.plan, results: results, notes: [:], chart: nil).text
        #expect(text.contains("Measured at revision abc1234."))
        #expect(text.contains("| distill | 250.0 [240.0–260.0] |"))
        #expect(!text.contains("999.0"))
    }

    @Test("A section says how often its programs really had their turn")
    func turns() throws {
        func page(_ measurements: [BenchmarkReport.Measurement]) -> String {
            SpeedPage(
                plan: Fixture.plan,
                results: Results(
                    measurements, revision: Fixture.revision, machine: Fixture.machine),
                notes: [:], chart: nil
            ).text
        }
        let all = try Fixture.measurements()
        let firsts = all.filter { $0.turn == 1 }
        let uneven = all.filter { $0.turn == 1 || $0.setting.program == .ours }
        #expect(page(firsts).contains("Median of 10 steps a turn, 1 turn."))
        #expect(page(uneven).contains("Median of 10 steps a turn, 1 to 3 turns."))
    }

    @Test("Text outside of the markers stays as it was")
    func insertion() throws {
        let page = try page()
        let old =
            "# Speed\n\nBefore.\n\n\(SpeedPage.begin("AVX2"))\noutdated\n\(SpeedPage.end("AVX2"))\n\nAfter.\n"
        let new = try page.inserted(into: old)
        #expect(
            new.hasPrefix(
                "# Speed\n\nBefore.\n\n\(SpeedPage.begin("AVX2"))\n\n## With AVX2\n\n- machine"))
        #expect(new.hasSuffix("\n\(SpeedPage.end("AVX2"))\n\nAfter.\n"))
        #expect(!new.contains("outdated"))
        #expect(try page.inserted(into: new) == new)
        #expect(try page.inserted(into: "").hasPrefix("# Speed\n\n\(SpeedPage.begin("AVX2"))"))
    }

    @Test("The part of another kind of processor stays as it was, and this one's comes behind it")
    func otherKinds() throws {
        let (begin, end) = (SpeedPage.begin("AMX"), SpeedPage.end("AMX"))
        let old = "# Speed\n\n\(begin)\ntheirs\n\(end)\n\nAfter.\n"
        let page = try page()
        let new = try page.inserted(into: old)
        #expect(
            new.hasPrefix("# Speed\n\n\(begin)\ntheirs\n\(end)\n\n\(SpeedPage.begin("AVX2"))\n"))
        #expect(new.hasSuffix("\n\(SpeedPage.end("AVX2"))\n\nAfter.\n"))
        #expect(try page.inserted(into: new) == new)
    }

    @Test(
        "A processor's kind is read from its flags, the best first",
        arguments: [
            (["avx2", "avx512f", "avx512_bf16", "amx_bf16"], ProcessorKind.amx),
            (["avx2", "avx512f", "avx512_bf16"], .avx512BFloat16), (["avx2", "avx512f"], .avx512),
            (["sse2", "avx2"], .avx2), (["sse2"], .other),
        ])
    func kinds(_ flags: [String], _ kind: ProcessorKind) {
        #expect(ProcessorKind(flags: Set(flags)) == kind)
    }

    @Test(
        "A page without both markers is left alone",
        arguments: [
            "text", SpeedPage.begin("AVX2"), SpeedPage.end("AVX2") + SpeedPage.begin("AVX2"),
        ])
    func noMarkers(_ old: String) throws {
        let page = try page()
        #expect(throws: SpeedPageError.self) { try page.inserted(into: old) }
    }
}
