import Foundation

/// The table of a study: ours beside what was published.
public struct StudyTable: Sendable {
    /// One line: a pair under a method, on a schedule.
    public struct Row: Sendable, Equatable, Encodable {
        /// The schedule.
        public let schedule: String

        /// Teacher and student.
        public let pair: String

        /// The method, or an ablation and its setting, or `teacher` for the teacher itself.
        public let method: String

        /// The test accuracies after the last epoch, in percent, one per seed; none yet where empty.
        public var values: [Double] = []

        /// The best test accuracies of any epoch, in percent.
        public var testBest: [Double] = []

        /// The test accuracies after the epochs that were best on held-out images, in percent.
        public var validationBest: [Double] = []

        /// What was published, in percent.
        public let published: Double?

        /// How far the mean is above the student's alone, in points.
        public var lead: Double?

        /// The mean and the sample deviation over the seeds.
        public var accuracies: Demo.Accuracies? { values.isEmpty ? nil : Demo.Accuracies(values) }

        enum CodingKeys: String, CodingKey {
            case schedule, pair, method, mean, std, values, published, lead
            case testBest = "test_best"
            case validationBest = "validation_best"
        }

        /// Encodes the row with mean and deviation; what is not known is left out.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(schedule, forKey: .schedule)
            try container.encode(pair, forKey: .pair)
            try container.encode(method, forKey: .method)
            try container.encodeIfPresent(accuracies?.mean, forKey: .mean)
            try container.encodeIfPresent(accuracies?.std, forKey: .std)
            try container.encode(values, forKey: .values)
            try container.encode(testBest, forKey: .testBest)
            try container.encode(validationBest, forKey: .validationBest)
            try container.encodeIfPresent(published, forKey: .published)
            try container.encodeIfPresent(lead, forKey: .lead)
        }

        init(_ schedule: String, _ pair: String, _ method: String, published: Double?) {
            self.schedule = schedule
            self.pair = pair
            self.method = method
            self.published = published
        }
    }

    /// The lines, pair by pair.
    public let rows: [Row]

    /// Gathers results.
    ///
    /// - Parameters:
    ///   - cells: what was asked for, in order; a cell without a result gives an empty line.
    ///   - results: of these and perhaps other cells, whose lines come after.
    public init(_ cells: [Cell], results: [CellResult]) {
        // The published values are of CIFAR-100.
        let publishes = cells.allSatisfy { $0.recipe.dataset.name == .cifar100 }
        let trained = results.filter { $0.method != Cell.teacherMethod }
        let keys = cells.map(\.key) + trained.map(\.key)
        rows = Self.unique(keys.map { [$0.schedule, $0.pair] }).flatMap { place in
            let methods = keys.filter { [$0.schedule, $0.pair] == place }.map(\.method)
            let own = trained.filter { [$0.schedule, $0.pair] == place }
            return Self.rows(of: place, Self.unique(methods), own, publishes: publishes)
        }
    }

    private static func rows(
        of place: [String], _ methods: [String], _ results: [CellResult], publishes: Bool
    ) -> [Row] {
        func row(_ method: String) -> Row {
            let own = results.filter { $0.method == method }.sorted { $0.seed < $1.seed }
            var row = Row(
                place[0], place[1], method,
                published: publishes ? PublishedAccuracies.top1(place[1], method) : nil)
            row.values = own.map(\.top1)
            row.testBest = own.map(\.testBestTop1)
            row.validationBest = own.compactMap(\.validationBestTop1)
            return row
        }
        var teacher = row(Cell.teacherMethod)
        teacher.values = unique(results.compactMap(\.teacherTop1))
        let alone = row("alone").accuracies?.mean
        let students = methods.map { method in
            var row = row(method)
            guard method != "alone", let alone, let mean = row.accuracies?.mean else { return row }
            row.lead = mean - alone
            return row
        }
        return [teacher] + students
    }

    private static func unique<Value: Hashable>(_ values: [Value]) -> [Value] {
        var seen: Set<Value> = []
        return values.filter { seen.insert($0).inserted }
    }
}

extension StudyTable {
    /// The table as Markdown.
    ///
    /// - Parameter showsTestBest: whether to show the best test epochs' accuracies too, which are
    ///   chosen on the test set, as ReviewKD's published ones were.
    /// - Returns: the page's text.
    public func markdown(showsTestBest: Bool = false) -> String {
        var header = ["schedule", "pair", "method", "last epoch", "n"]
        if hasValidation { header.append("best on held-out images") }
        if showsTestBest { header.append("best on the test set") }
        header += ["published", "difference", "ahead of alone"]
        let lines = rows.map { row in
            var cells = [row.schedule, row.pair, row.method]
            cells += [Self.text(row.values), "\(row.values.count)"]
            if hasValidation { cells.append(Self.text(row.validationBest)) }
            if showsTestBest { cells.append(Self.text(row.testBest)) }
            let mean = row.accuracies?.mean
            let difference = row.published.flatMap { published in mean.map { $0 - published } }
            return cells + [
                row.published.map(Self.number) ?? "", difference.map(Self.signed) ?? "",
                row.lead.map(Self.signed) ?? "",
            ]
        }
        let rule = header.map { _ in "---" }
        return ([header, rule] + lines).map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
            + """

            Top-1 accuracy on the test set in percent, mean ± sample deviation over n seeds. An empty
            cell has not been run. Published values are those of the 240-epoch schedules.

            """
    }

    /// The table as comma-separated values with a header.
    public var csv: String {
        let header =
            "schedule,pair,method,mean,deviation,n,validation_best,test_best,published,lead\n"
        let lines = rows.map { row in
            let all = row.accuracies
            func mean(_ values: [Double]) -> String {
                values.isEmpty ? "" : Self.number(Demo.Accuracies(values).mean)
            }
            return [
                row.schedule, row.pair, row.method, mean(row.values),
                row.values.count > 1 ? all.map { Self.number($0.std) } ?? "" : "",
                "\(row.values.count)", mean(row.validationBest), mean(row.testBest),
                row.published.map(Self.number) ?? "", row.lead.map(Self.number) ?? "",
            ].joined(separator: ",") + "\n"
        }
        return header + lines.joined()
    }

    private var hasValidation: Bool { rows.contains { !$0.validationBest.isEmpty } }

    private static func text(_ values: [Double]) -> String {
        guard !values.isEmpty else { return "" }
        let all = Demo.Accuracies(values)
        return values.count > 1 ? "\(number(all.mean)) ± \(number(all.std))" : number(all.mean)
    }

    private static func number(_ value: Double) -> String { String(format: "%.2f", value) }

    private static func signed(_ value: Double) -> String { String(format: "%+.2f", value) }
}
