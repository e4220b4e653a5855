import FlyingFox
import FlyingSocks
import Foundation
import RecordStore

/// Serves a page that shows the runs of a file of records while they go on.
///
/// It reads only. The page needs nothing from elsewhere.
public final class DashboardServer: Sendable {
    private static let pause = Duration.milliseconds(5)

    private let address: DashboardAddress
    private let board: Board
    private let server: HTTPServer

    /// Prepares it.
    ///
    /// - Parameters:
    ///   - store: the records, opened to read.
    ///   - address: where it is served.
    ///   - warn: called with a sentence, on any thread, where the records can no longer be read.
    /// - Throws: `DashboardError`.
    public init(
        _ store: RecordStore, at address: DashboardAddress,
        warn: @escaping @Sendable (String) -> Void
    ) throws(DashboardError) {
        self.address = address
        board = Board(store, warn: warn)
        let gate = Gate(address: address, inner: Pages(board: board))
        do {
            if address.isVersion6 {
                server = HTTPServer(
                    address: try .inet6(ip6: address.host, port: address.port), logger: .disabled,
                    handler: gate)
            } else {
                server = HTTPServer(
                    address: try .inet(ip4: address.host, port: address.port), logger: .disabled,
                    handler: gate)
            }
        } catch {
            throw .host(address.host)
        }
    }

    /// Serves until the task is cancelled.
    ///
    /// - Parameter ready: called once with the address of the page, when it can be opened.
    /// - Throws: `DashboardError`.
    public func run(ready: @escaping @Sendable (String) -> Void) async throws {
        let following = Task { [board] in await board.run() }
        let serving = Task { [server] in try await server.run() }
        let telling = Task { [server, address] in
            while await !server.isListening { try await Task.sleep(for: Self.pause) }
            ready(address.url(port: await server.port ?? address.port))
        }
        defer {
            following.cancel()
            telling.cancel()
        }
        do {
            try await withTaskCancellationHandler {
                try await serving.value
            } onCancel: {
                serving.cancel()
            }
        } catch {
            // A server that is stopped tells so by an error.
            guard !Task.isCancelled else { return }
            throw told(error)
        }
    }

    private func told(_ error: any Error) -> any Error {
        guard case .failed(_, let number, let message)? = error as? SocketError else {
            return error
        }
        return number == EADDRINUSE
            ? DashboardError.portInUse(host: address.host, port: address.port)
            : DashboardError.refused(
                host: address.host, port: address.port, reason: message.lowercased())
    }
}

extension HTTPServer {
    /// The port that it listens on.
    fileprivate var port: UInt16? {
        switch listeningAddress {
        case .ip4(_, let port), .ip6(_, let port): port
        default: nil
        }
    }
}
