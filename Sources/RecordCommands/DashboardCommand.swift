import ArgumentParser
import Dashboard
import Foundation
import Synchronization
import Terminal

#if canImport(Glibc)
    import Glibc
#endif

/// `reviewkd dashboard`.
package struct DashboardCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "dashboard",
        abstract: "Show the recorded runs on a page in the browser while they go on.",
        discussion: """
            The first line of standard output is the page's address. Without --host only this machine reaches \
            it. It reads only, and ends with Ctrl-C.
            """)

    @OptionGroup var records: RecordsOption

    @Option(help: "The port; 0 takes one that is free.")
    var port = 8300

    @Option(
        help: "The address to listen on, such as 0.0.0.0 for all of this machine; needs --token.")
    var host: String?

    @Option(help: "What a browser must know to see the page: at least 8 letters.")
    var token: String?

    package init() {}

    package func validate() throws { _ = try address() }

    package func run() async throws {
        let store = try records.open()
        let server = try DashboardServer(store, at: try address()) { printError("warning: \($0)") }
        let serving = Task { try await server.run { print($0) } }
        let ending = Ending(serving)
        try await serving.value
        if let signal = ending.signal { throw ExitCode(128 + signal) }
    }

    private func address() throws -> DashboardAddress {
        do throws(DashboardError) {
            return try DashboardAddress(host: host, port: port, token: token)
        } catch .noToken {
            throw ValidationError("\(DashboardError.noToken(host: host ?? "")), with --token")
        } catch {
            throw ValidationError("\(error)")
        }
    }
}

/// Ends the dashboard once a signal asks for it; a second one ends the process.
private final class Ending: Sendable {
    private let received = Mutex<Int32?>(nil)

    /// The signal that came.
    var signal: Int32? { received.withLock(\.self) }

    init(_ serving: Task<Void, any Error>) {
        for number in [SIGINT, SIGTERM] {
            Glibc.signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            // The handler holds its own source, which lives as long as the process.
            source.setEventHandler {
                withExtendedLifetime(source) {
                    self.received.withLock { $0 = number }
                    Glibc.signal(number, SIG_DFL)
                    serving.cancel()
                }
            }
            source.resume()
        }
    }
}
