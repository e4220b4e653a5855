import Basics
import Foundation
import RunRecords

extension StudyTable {
    /// Writes the table as Markdown and as comma-separated values.
    ///
    /// - Parameter path: of both files, without `.md` and `.csv`; what is there is overwritten.
    /// - Throws: `FileError`.
    public func write(to path: String) throws {
        try AtomicFile.write(Data(markdown.utf8), to: path + ".md")
        try AtomicFile.write(Data(csv.utf8), to: path + ".csv")
    }

    /// The table as Markdown.
    public var markdown: String {
        var header = ["schedule", "pair", "method", "last epoch", "n"]
        if hasValidation { header += ["on held-out images", "best on held-out images"] }
        if hasAverages { header += ["mean of weights", "mean of weights on held-out images"] }
        if hasTestBest { header.append("best on the test set") }
        header += ["published", "published for", "difference", "ahead of alone"]
        let lines = rows.map { row in
            var cells = [row.schedule.replacing("|", with: "\\|"), row.pair, row.method]
            cells += [Self.text(row.values), "\(row.values.count)"]
            if hasValidation {
                cells += [Self.text(row.validation), Self.text(row.validationBest)]
            }
            if hasAverages {
                cells += [Self.text(row.averaged), Self.text(row.averagedValidation)]
            }
            if hasTestBest { cells.append(Self.text(row.testBest)) }
            return cells + [
                row.published.map(Self.number) ?? "", row.claim ?? "",
                row.difference.map(Self.signed) ?? "",
                Self.leadText(row),
            ]
        }
        let rule = header.map { _ in "---" }
        return ([header, rule] + lines).map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
            + """

            Top-1 accuracy on the test set in percent, mean ± sample deviation over n seeds. An empty
            cell has not been run. Published values are of RepDistiller's teachers. ReviewKD's have a rate of 0.1
            (light students 0.02) and Nesterov momentum, nearly all others 0.05 (0.01) and plain momentum. The best
            test epoch lies 0.1 to 0.5 points above the last one, typically 0.3.
            Ahead of alone: points, over the seeds that both have, ± what chance explains in 19 of 20 cases by
            the scatter of all methods here that method and seed do not account for; a lead in brackets is
            within that, or has nothing to be judged by.

            """
    }

    /// The table as comma-separated values with a header.
    public var csv: String {
        let best = hasTestBest ? "test_best," : ""
        let own = (hasValidation ? "validation," : "") + (hasAverages ? "ema,ema_validation," : "")
        let header =
            "schedule,pair,method,mean,deviation,n,\(own)validation_best,\(best)published,"
            + "difference,lead,lead_n,lead_noise\n"
        let lines = rows.map { row in
            func text(_ value: Double?) -> String { value.map(Self.number) ?? "" }
            func mean(_ values: [Double]) -> String {
                text(values.isEmpty ? nil : Accuracies(values).mean)
            }
            let deviation = row.values.count > 1 ? row.accuracies?.std : nil
            var columns = [Self.quoted(row.schedule), row.pair, row.method]
            columns += [mean(row.values), text(deviation), "\(row.values.count)"]
            if hasValidation { columns.append(mean(row.validation)) }
            if hasAverages { columns += [mean(row.averaged), mean(row.averagedValidation)] }
            columns.append(mean(row.validationBest))
            if hasTestBest { columns.append(mean(row.testBest)) }
            columns += [text(row.published), text(row.difference), text(row.lead)]
            columns += ["\(row.leads.count)", text(row.leadNoise)]
            return columns.joined(separator: ",") + "\n"
        }
        return header + lines.joined()
    }

    private var hasValidation: Bool { rows.contains { !$0.validationBest.isEmpty } }

    private var hasAverages: Bool { rows.contains { !$0.averaged.isEmpty } }

    private var hasTestBest: Bool { rows.contains { !$0.testBest.isEmpty } }

    /// A text as one value of a line of comma-separated ones.
    ///
    /// Source: RFC 4180, section 2.
    private static func quoted(_ text: String) -> String {
        guard text.contains(where: { ",\"\r\n".contains($0) }) else { return text }
        return "\"\(text.replacing("\"", with: "\"\""))\""
    }

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
