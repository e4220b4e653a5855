import Foundation

extension StudyTable {
    /// The table as Markdown.
    public var markdown: String {
        var header = ["schedule", "pair", "method", "last epoch", "n"]
        if hasValidation { header.append("best on held-out images") }
        if hasTestBest { header.append("best on the test set") }
        header += ["published", "difference", "ahead of alone"]
        let lines = rows.map { row in
            var cells = [row.schedule, row.pair, row.method]
            cells += [Self.text(row.values), "\(row.values.count)"]
            if hasValidation { cells.append(Self.text(row.validationBest)) }
            if hasTestBest { cells.append(Self.text(row.testBest)) }
            let mean = row.accuracies?.mean
            let difference = row.published.flatMap { published in mean.map { $0 - published } }
            return cells + [
                row.published.map(Self.number) ?? "", difference.map(Self.signed) ?? "",
                Self.leadText(row),
            ]
        }
        let rule = header.map { _ in "---" }
        return ([header, rule] + lines).map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
            + """

            Top-1 accuracy on the test set in percent, mean ± sample deviation over n seeds. An empty
            cell has not been run. Published values are those of the 240-epoch schedules. Ahead of alone:
            points, over the seeds that both have, ± what chance explains in 19 of 20 cases by the scatter
            of all methods here that method and seed do not account for; a lead in brackets is within that,
            or has nothing to be judged by.

            """
    }

    /// The table as comma-separated values with a header.
    public var csv: String {
        let best = hasTestBest ? "test_best," : ""
        let header =
            "schedule,pair,method,mean,deviation,n,validation_best,\(best)published,lead,lead_n,"
            + "lead_noise\n"
        let lines = rows.map { row in
            let all = row.accuracies
            func mean(_ values: [Double]) -> String {
                values.isEmpty ? "" : Self.number(Accuracies(values).mean)
            }
            let columns =
                [
                    row.schedule, row.pair, row.method, mean(row.values),
                    row.values.count > 1 ? all.map { Self.number($0.std) } ?? "" : "",
                    "\(row.values.count)", mean(row.validationBest),
                ] + (hasTestBest ? [mean(row.testBest)] : []) + [
                    row.published.map(Self.number) ?? "", row.lead.map(Self.number) ?? "",
                    "\(row.leads.count)", row.leadNoise.map(Self.number) ?? "",
                ]
            return columns.joined(separator: ",") + "\n"
        }
        return header + lines.joined()
    }

    private var hasValidation: Bool { rows.contains { !$0.validationBest.isEmpty } }

    private var hasTestBest: Bool { rows.contains { !$0.testBest.isEmpty } }

    private static func leadText(_ row: Row) -> String {
        guard let lead = row.lead else { return "" }
        var text = signed(lead)
        if let noise = row.leadNoise { text += " ± \(number(noise))" }
        if row.leads.count != row.values.count { text += ", n = \(row.leads.count)" }
        return row.isWithinNoise ? "(\(text))" : text
    }

    private static func text(_ values: [Double]) -> String {
        guard !values.isEmpty else { return "" }
        let all = Accuracies(values)
        return values.count > 1 ? "\(number(all.mean)) ± \(number(all.std))" : number(all.mean)
    }

    private static func number(_ value: Double) -> String { String(format: "%.2f", value) }

    private static func signed(_ value: Double) -> String { String(format: "%+.2f", value) }
}
