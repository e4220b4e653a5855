import Foundation

extension ThreadGovernor.Use {
    /// What the processors did so far, this process's threads and all others; nil where the system does not
    /// tell.
    package static func ofThisMachine() -> Self? {
        guard let own = WaitingWatch.Times.ofThisProcess(), let busy = busySeconds() else {
            return nil
        }
        return Self(own: own.running, waiting: own.waiting, others: busy - own.running)
    }

    /// The time that all processors worked since the machine started, from the first line of `/proc/stat`:
    /// `cpu user nice system idle iowait irq softirq steal`, in ticks.
    private static func busySeconds() -> Double? {
        guard let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8),
            let line = text.split(separator: "\n").first, line.hasPrefix("cpu ")
        else { return nil }
        let ticks = line.split(separator: " ").dropFirst().compactMap { Double($0) }
        guard ticks.count >= 8 else { return nil }
        let idle = ticks[3] + ticks[4]
        return (ticks.prefix(8).reduce(0, +) - idle) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
