import Foundation

/// The page `speed.md`: prose by hand around a part that is written by the program.
public struct SpeedPage {
    /// The line before the written part of a kind of processor.
    public static func begin(_ kind: String) -> String {
        "<!-- measurements, \(kind): begin; written by `make bench`, edit only outside -->"
    }

    /// The line after the written part of a kind of processor.
    public static func end(_ kind: String) -> String { "<!-- measurements, \(kind): end -->" }

    /// What every line after a written part begins and ends with.
    private static let anyEnd = (start: "<!-- measurements, ", end: ": end -->")

    let plan: Plan
    let results: Results
    private let notes: [Section: String]
    private let chart: String?

    /// Makes the page of some results.
    ///
    /// - Parameters:
    ///   - plan: what was to be measured.
    ///   - results: what was measured.
    ///   - notes: why a section could not run.
    ///   - chart: the file name of the chart, where there is one.
    public init(plan: Plan, results: Results, notes: [Section: String], chart: String?) {
        self.plan = plan
        self.results = results
        self.notes = notes
        self.chart = chart
    }

    /// Puts the written part of this kind of processor into a page, in the place of the one that is there or
    /// behind those of other kinds.
    ///
    /// - Parameter page: the page as it is; an empty one gets a heading.
    /// - Returns: the page with everything outside of the two markers as it was.
    /// - Throws: `SpeedPageError` when the page has text but no two markers in their order.
    public func inserted(into page: String) throws -> String {
        let (begin, end) = (Self.begin(results.kind), Self.end(results.kind))
        let part = "\(begin)\n\n\(text)\n\n\(end)"
        guard !page.isEmpty else { return "# Speed\n\n\(part)\n" }
        if let first = page.range(of: begin) {
            guard let last = page.range(of: end, range: first.upperBound..<page.endIndex) else {
                throw SpeedPageError.noMarkers(kind: results.kind)
            }
            return page.replacingCharacters(in: first.lowerBound..<last.upperBound, with: part)
        }
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard
            let other = lines.lastIndex(where: {
                $0.hasPrefix(Self.anyEnd.start) && $0.hasSuffix(Self.anyEnd.end)
            }), !lines[other].contains(end)
        else { throw SpeedPageError.noMarkers(kind: results.kind) }
        return (lines[...other] + ["", part] + lines[(other + 1)...]).joined(separator: "\n")
    }

    /// The written part.
    public var text: String {
        ([
            "## With \(results.kind)", header,
            chart.map { "![Time per step and cost per image](\($0))" },
        ].compactMap { $0 }
            + Section.allCases.map(section))
            .joined(separator: "\n\n")
    }

    private var header: String {
        let versions = Set(results.measurements.map(\.figures.version)).sorted()
        let dates = Set(results.measurements.map(\.date)).sorted()
        guard let first = dates.first, let last = dates.last else {
            return "Nothing was measured yet of revision \(results.revision) on this machine "
                + "(\(results.machine))."
        }
        return """
            - machine: \(results.machine); device \(plan.device)
            - code: revision \(results.revision)
            - versions: \(versions.joined(separator: "; "))
            - date: \(first == last ? first : "\(first) to \(last)")
            - command: `make bench`; every single measurement, with its own command, is a line of
              [speed.jsonl](speed.jsonl)

            The programs run one after another, again and again. A figure is the median of the
            turns, each of them the median of its steps; in brackets the smallest and the largest
            turn. reviewkd and torch.compile compute in the precision that is best for the
            processor (bfloat16 where it has it), plain PyTorch in float32.
            """
    }

    private func section(_ section: Section) -> String {
        let results = results.fullest(of: section, in: plan)
        let body: String
        if results.hasAny(of: section, in: plan) {
            let former =
                results.revision == self.results.revision
                ? "" : " Measured at revision \(results.revision)."
            body = "\(remark(section, results))\(former)\n\n\(table(section, results))"
        } else {
            body = notes[section] ?? "Not measured."
        }
        return "### \(title(section))\n\n\(body)"
    }

    private func table(_ section: Section, _ results: Results) -> String {
        let tables = SpeedTables(plan: plan, results: results)
        return switch section {
        case .pairs: tables.pairs
        case .methods: tables.methods
        case .batches: tables.batches
        case .threads: tables.threads
        case .epoch: tables.epoch
        case .startup: tables.startup
        case .memory: tables.memory
        }
    }

    private func title(_ section: Section) -> String {
        switch section {
        case .pairs: "A step"
        case .methods: "Methods"
        case .batches: "Batch size"
        case .threads: "Threads"
        case .epoch: "An epoch on real data"
        case .startup: "Start"
        case .memory: "Peak memory"
        }
    }
}

/// What can be wrong with a page.
public enum SpeedPageError: Error, CustomStringConvertible {
    /// The page does not say where the written part of a kind belongs.
    case noMarkers(kind: String)

    /// What is lacking, and how to put it right.
    public var description: String {
        switch self {
        case .noMarkers(let kind):
            """
            speed.md: expected the lines "\(SpeedPage.begin(kind))" and "\(SpeedPage.end(kind))" in this order, \
            found them not; put them where the measurements belong
            """
        }
    }
}
