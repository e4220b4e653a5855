import Basics
import Foundation

/// Processes that do not come together, or no longer work together.
public enum ProcessGroupError: Error, Equatable, CustomStringConvertible {
    case portInUse(port: Int)
    case noStore(host: String, port: Int, seconds: Double, reason: String)
    case noFile(path: String, reason: String)
    case usedFile(path: String)
    case storeLost(reason: String)
    case absent(ranks: [Int], seconds: Double)
    case notConnected(reason: String)
    case gone(ranks: [Int], reason: String)
    case silent(ranks: [Int], seconds: Double)
    case ended(rank: Int, reason: String)
    case failed(reason: String)

    /// What happened, and the remedy.
    public var description: String { remedy.map { sentences(problem, $0) } ?? problem }

    /// The same without the remedy.
    package var problem: String {
        switch self {
        case .portInUse(let port):
            "port \(port), where the processes are to meet (MASTER_PORT), is in use by another program."
        case .noStore(let host, let port, let seconds, let reason):
            "rank 0 did not answer at \(host):\(port) within \(Self.text(seconds)) (\(reason))."
        case .noFile(let path, let reason):
            "\(path), the file where the processes are to meet, cannot be used (\(reason))."
        case .usedFile(let path):
            "\(path), the file where the processes are to meet, has what processes before have written."
        case .storeLost(let reason):
            "the store where the processes meet has gone (\(reason)), and the launcher with it."
        case .absent(let ranks, let seconds):
            "\(Self.names(ranks)) did not come within \(Self.text(seconds))."
        case .notConnected(let reason): "the processes cannot connect to each other (\(reason))."
        case .gone(let ranks, let reason):
            "\(Self.names(ranks)) \(ranks.count > 1 ? "have" : "has") gone without a word: killed, or cut off "
                + "from the network (\(reason))."
        case .silent(let ranks, let seconds):
            "\(Self.names(ranks)) did not answer within \(Self.text(seconds)): hanging, or cut off from the "
                + "network."
        case .ended(let rank, let reason): "rank \(rank) ended: \(reason)"
        case .failed(let reason): "the processes can no longer work together (\(reason))."
        }
    }

    private var remedy: String? {
        switch self {
        case .portInUse: "set MASTER_PORT to a free one for every process"
        case .noStore:
            "see that rank 0 runs, and that MASTER_ADDR and MASTER_PORT lead to its machine"
        case .noFile, .usedFile: "name a new file, in a folder that every process sees"
        case .absent: "start as many processes as WORLD_SIZE says, or wait longer"
        case .notConnected:
            "name the network in GLOO_SOCKET_IFNAME where a machine's own name leads elsewhere"
        case .ended: nil
        case .storeLost, .gone, .silent, .failed:
            "start all processes again, to go on from the last checkpoint"
        }
    }

    /// As `rank 1` and `ranks 1, 2`.
    private static func names(_ ranks: [Int]) -> String {
        "rank\(ranks.count > 1 ? "s" : "") \(ranks.map(String.init).joined(separator: ", "))"
    }

    private static func text(_ seconds: Double) -> String {
        seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s"
    }

    /// Gloo's and c10d's words without the place in their sources and without advice.
    static func brief(_ message: String) -> String {
        var text = message[...]
        if text.hasPrefix("[/"), let end = text.range(of: "] ") { text = text[end.upperBound...] }
        if let advice = text.range(of: ". This is typically") { text = text[..<advice.lowerBound] }
        while text.hasSuffix(".") { text = text.dropLast() }
        // c10d names addresses that nobody gave it, where it cannot connect. The system's own words are right.
        if let system = text.firstMatch(of: /\(errno: \d+ - ([^)]*)\)/) { return String(system.1) }
        return String(text)
    }
}
