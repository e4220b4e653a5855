/// The measurements of one revision on one machine.
public struct Results: Sendable {
    /// The code that was measured.
    public let revision: String

    /// The machine, in words: the processor, its kind or the GPU's name, cores and memory.
    public let machine: String

    /// The kind of processor, or the GPU's name: the page has a section for each.
    public var kind: String {
        let parts = machine.split(separator: ", ")
        return String(parts.count > 1 ? parts[1] : parts.first ?? "")
    }

    /// All that was measured of it there.
    public let measurements: [Measurement]

    /// What was measured of any revision there, in order.
    private let all: [Measurement]

    private let settings: [Setting: [Measurement]]

    /// Picks the measurements of a revision on a machine.
    public init(_ measurements: [Measurement], revision: String, machine: String) {
        self.revision = revision
        self.machine = machine
        all = measurements.filter { $0.machine == machine }
        self.measurements = all.filter { $0.revision == revision }
        settings = Dictionary(grouping: self.measurements, by: \.setting)
    }

    /// The results that a section is shown from: those of the revision for which most of its settings
    /// were measured, of several the last one.
    ///
    /// - Parameters:
    ///   - section: the section.
    ///   - plan: what belongs to it.
    /// - Returns: results of one revision.
    public func fullest(of section: Section, in plan: Plan) -> Results {
        let wanted = Set(plan.groups(of: section).joined())
        var best = (revision: revision, count: 0)
        var seen: Set<String> = []
        for candidate in all.reversed().map(\.revision) where seen.insert(candidate).inserted {
            let measured = all.filter { $0.revision == candidate }.map(\.setting)
            let count = wanted.intersection(measured).count
            if count > best.count { best = (candidate, count) }
        }
        return best.revision == revision
            ? self : Results(all, revision: best.revision, machine: machine)
    }

    /// The turns of a setting, in milliseconds.
    public func milliseconds(_ setting: Setting) -> Spread? {
        spread(setting) { $0.milliseconds }
    }

    /// The turns of a setting, in images per second.
    public func imagesPerSecond(_ setting: Setting) -> Spread? {
        spread(setting) { $0.imagesPerSecond }
    }

    /// The turns of a setting, in MiB of peak memory.
    public func peakMemory(_ setting: Setting) -> Spread? {
        spread(setting) { $0.peakMemoryBytes.map { Double($0) / 1_048_576 } }
    }

    private func spread(_ setting: Setting, _ value: (Figures) -> Double?) -> Spread? {
        Spread(settings[setting, default: []].compactMap { value($0.figures) })
    }

    /// The smallest and the largest number of turns that a setting of a section had.
    func turns(of section: Section, in plan: Plan) -> ClosedRange<Int>? {
        let counts = plan.groups(of: section).joined().compactMap { settings[$0]?.count }
        guard let least = counts.min(), let most = counts.max() else { return nil }
        return least...most
    }

    /// Whether anything of a section was measured.
    func hasAny(of section: Section, in plan: Plan) -> Bool {
        plan.groups(of: section).joined().contains { settings[$0] != nil }
    }
}
