import Foundation
import Synchronization

/// An HTTP server on the loopback address that can also behave badly, on plain sockets.
final class LoopbackServer: Sendable {
    /// How one request is answered.
    enum Reply: Sendable {
        /// As HTTP has it: the whole body or the range asked for.
        case proper
        /// The whole body, whatever range was asked for.
        case ignoringRange
        /// Properly, but the connection ends after some bytes of the body.
        case cut(after: Int)
        /// A range that starts at the file's beginning, whatever range was asked for.
        case wrongRange
        /// A status and no body.
        case status(Int)
        /// Another reply, with lines such as `ETag: "a"` in its head.
        indirect case headed([String], Reply)
        /// Another reply; from now on the server has this body.
        indirect case changed([UInt8], Reply)
    }

    private struct State {
        var files: [String: [UInt8]]
        var replies: [Reply]
        var ranges: [String?] = []
        var paths: [String] = []
    }

    private let listener: Int32
    private let port: UInt16
    private let state: Mutex<State>

    /// Starts a server that has one body at any path; the last of the replies also answers every later request.
    convenience init(_ body: [UInt8], _ replies: [Reply] = [.proper]) throws {
        try self.init(["": body], replies)
    }

    /// Starts a server of files by their paths, which begin with a slash.
    init(_ files: [String: [UInt8]], _ replies: [Reply] = [.proper]) throws {
        state = Mutex(State(files: files, replies: replies))
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && listen(listener, 8) == 0
                    && getsockname(listener, pointer, &length) == 0 ? 0 : errno
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        guard code == 0 else {
            close(listener)
            throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO)
        }
        Thread.detachNewThread { self.serve() }
    }

    /// The address of the body.
    var url: URL { get throws { try base.appendingPathComponent("archive.tar.gz") } }

    /// The address of the folder of all files.
    var base: URL {
        get throws {
            guard let url = URL(string: "http://127.0.0.1:\(port)") else {
                throw URLError(.badURL)
            }
            return url
        }
    }

    /// The `Range` header of each request so far, nil for a request without one.
    var ranges: [String?] { state.withLock { $0.ranges } }

    /// The path of each request so far.
    var paths: [String] { state.withLock { $0.paths } }

    /// Ends the server, which waits in `accept` until then.
    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func serve() {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { break }
            answer(connection)
            close(connection)
        }
        close(listener)
    }

    private func answer(_ connection: Int32) {
        guard let request = readRequest(connection) else { return }
        let range = request.split(separator: "\r\n")
            .first { $0.lowercased().hasPrefix("range: ") }
            .map { String($0.dropFirst("range: ".count)) }
        let path = request.split(separator: " ").dropFirst().first.map(String.init) ?? ""
        let reply = state.withLock { state in
            state.ranges.append(range)
            state.paths.append(path)
            return state.replies.count > 1 ? state.replies.removeFirst() : state.replies[0]
        }
        let start = range.flatMap { Int($0.dropFirst("bytes=".count).dropLast()) }
        send(connection, reply, path, from: start, [])
    }

    private func send(
        _ connection: Int32, _ reply: Reply, _ path: String, from start: Int?, _ lines: [String]
    ) {
        guard let body = state.withLock({ $0.files[path] ?? $0.files[""] }) else {
            return send(connection, head: ["404 Not Found"] + lines, [], length: 0)
        }
        switch reply {
        case .proper: send(connection, body, from: start, limit: body.count, lines)
        case .ignoringRange: send(connection, body, from: nil, limit: body.count, lines)
        case .cut(let count): send(connection, body, from: start, limit: count, lines)
        case .wrongRange: send(connection, body, from: 0, limit: body.count, lines)
        case .status(let code): send(connection, head: ["\(code) Whatever"] + lines, [], length: 0)
        case .headed(let more, let reply):
            send(connection, reply, path, from: start, lines + more)
        case .changed(let body, let reply):
            state.withLock { $0.files[$0.files[path] == nil ? "" : path] = body }
            send(connection, reply, path, from: start, lines)
        }
    }

    private func send(
        _ connection: Int32, _ body: [UInt8], from start: Int?, limit: Int, _ lines: [String]
    ) {
        guard let start else {
            return send(
                connection, head: ["200 OK"] + lines, body.prefix(limit), length: body.count)
        }
        guard start < body.count else {
            let head = ["416 Range Not Satisfiable", "Content-Range: bytes */\(body.count)"]
            return send(connection, head: head + lines, [], length: 0)
        }
        let range = "bytes \(start)-\(body.count - 1)/\(body.count)"
        send(
            connection, head: ["206 Partial Content", "Content-Range: \(range)"] + lines,
            body[start...].prefix(limit), length: body.count - start)
    }

    private func send(
        _ connection: Int32, head: [String], _ bytes: ArraySlice<UInt8>, length: Int
    ) {
        let lines = head + ["Content-Length: \(length)", "Connection: close", "", ""]
        var rest = (Array("HTTP/1.1 \(lines.joined(separator: "\r\n"))".utf8) + bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    private func readRequest(_ connection: Int32) -> String? {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !text.hasSuffix("\r\n\r\n") {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            text += String(decoding: buffer.prefix(count), as: UTF8.self)
        }
        return text
    }
}
