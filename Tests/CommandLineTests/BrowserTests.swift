import BasicsTestSupport
import Foundation
import Testing

extension WholeRunsSuite {
    @Suite("Real runs in a browser")
    struct BrowserTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        @Test(
            "The dashboard follows a real run without a reload, and shows it as interrupted once it is killed",
            .enabled(if: Chromium.isThere(for: "a real run on the dashboard")))
        func dashboard() throws {
            let records = workshop.url(workshop.fresh("records")).path + ".sqlite"
            let run = try workshop.start(
                workshop.distill(to: workshop.fresh("watched"))
                    + ["--epochs", "100000", "--records", records])
            while run.isRunning, !FileManager.default.fileExists(atPath: records) {
                Thread.sleep(forTimeInterval: 0.01)
            }
            let dashboard = try workshop.start(["dashboard", "--records", records, "--port", "0"])
            while dashboard.isRunning, !(try dashboard.outputSoFar()).hasSuffix("\n") {
                Thread.sleep(forTimeInterval: 0.01)
            }
            let address = try dashboard.outputSoFar().split(separator: "\n")
            let watched = try Chromium.run(
                "Python/real_run.py",
                [String(try #require(address.first)), "\(run.processIdentifier)"])
            #expect(watched.hasPrefix("a real run grew from step "))
            dashboard.send(SIGINT)
            #expect(try dashboard.outcome().status == 128 + SIGINT)
        }

        @Test(
            "A report opens as a file, asks for nothing else, and can be read by keyboard, in the dark and on a phone",
            .enabled(if: Chromium.isThere(for: "a report in a browser")))
        func report() throws {
            let (page, data) = (workshop.fresh("report") + ".html", workshop.fresh("classes"))
            let folder = data + "/cifar-100-binary"
            try workshop.write(SmallData.records(32, seed: 1), to: folder + "/train.bin")
            // So many classes that the page folds their table.
            try workshop.write(SmallData.records(64, seed: 2), to: folder + "/test.bin")
            let runs = [workshop.fresh("alone"), workshop.fresh("reviewed")]
            for (run, command) in zip(
                runs, [["train"], ["distill", "--teacher", workshop.teacher]])
            {
                let outcome = try workshop.run(
                    command + ["pair.yaml", "--data", data, "--output", run, "--quiet"])
                try #require(outcome.status == 0, "\(outcome.errors)")
            }
            let outcome = try workshop.run([
                "report", runs[0], runs[1], "--data", data, "--teacher", workshop.teacher,
                "--output", page,
            ])
            try #require(outcome.status == 0, "\(outcome.errors)")
            let read = try Chromium.run("Python/report_page.py", [workshop.url(page).path])
            #expect(read.hasPrefix("a report of "))
        }
    }
}
