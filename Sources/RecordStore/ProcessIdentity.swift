import Foundation

/// A process of some machine, so that another one can tell whether it still lives.
public struct ProcessIdentity: Sendable, Equatable {
    /// The machine's name and the boot that the number belongs to.
    public let host: String

    /// The process's number.
    public let number: Int

    /// When it was started, in ticks since the boot: numbers are used again.
    public let start: String

    /// This process.
    public static var current: ProcessIdentity {
        let number = Int(ProcessInfo.processInfo.processIdentifier)
        return ProcessIdentity(host: thisHost, number: number, start: start(of: number) ?? "")
    }

    /// Takes what was written down.
    public init(host: String, number: Int, start: String) {
        self.host = host
        self.number = number
        self.start = start
    }

    /// Whether it lives; nil where it is of another machine, or of this one before it was started anew.
    public var isAlive: Bool? {
        guard host == Self.thisHost else {
            return host.split(separator: " ").first == Self.thisHost.split(separator: " ").first
                ? false : nil
        }
        return Self.start(of: number) == start
    }

    private static let thisHost: String = {
        let boot =
            (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines)
        return ProcessInfo.processInfo.hostName + " " + (boot ?? "")
    }()

    /// The 22nd field of `/proc/N/stat`, behind the program's name in brackets, which may hold spaces.
    private static func start(of number: Int) -> String? {
        guard let text = try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        // A process that has ended and was not waited for is gone too.
        guard fields.count > 19, fields[0] != "Z" else { return nil }
        return String(fields[19])
    }
}
