import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// A process of the program beside the tests that fills, grows or serves records.
final class Trial {
    static var program: String {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent("dashboard-trial").path
    }

    private let process = Process()
    private let output = Pipe()
    private let errors = Pipe()

    convenience init(_ arguments: String...) throws { try self.init(arguments) }

    init(_ arguments: [String]) throws {
        process.executableURL = URL(fileURLWithPath: Self.program)
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = errors
        try process.run()
    }

    deinit { kill() }

    /// The port in the first line that it prints.
    func port() throws -> UInt16 {
        var line = ""
        while !line.hasSuffix("\n") {
            let data = output.fileHandleForReading.availableData
            try #require(!data.isEmpty, "it ended without an address")
            line += String(decoding: data, as: UTF8.self)
        }
        let url = try #require(URL(string: line.trimmingCharacters(in: .whitespacesAndNewlines)))
        return UInt16(try #require(url.port))
    }

    /// Waits for its end, and gives its status and what it wrote about errors.
    func finish() -> (status: Int32, errors: String) {
        let text = String(
            decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    func kill() {
        guard process.isRunning else { return }
        _ = Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

/// A connection on which a test says exactly what it means, and reads what comes.
final class Connection {
    private let socket: Int32
    private var bytes: [UInt8] = []

    init(_ port: UInt16) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(
            socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(status == 0, "the dashboard does not listen on \(port)")
    }

    deinit { close(socket) }

    /// Asks for a path, with headers of its own.
    func send(_ path: String, method: String = "GET", _ headers: [String]) {
        let text = ([method + " " + path + " HTTP/1.1"] + headers + ["", ""])
            .joined(separator: "\r\n")
        _ = text.withCString { Glibc.send(socket, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
    }

    /// The text up to a mark, which is taken off.
    func read(to mark: String) throws -> String {
        let mark = Array(mark.utf8)
        var start = 0
        while true {
            while start + mark.count <= bytes.count {
                if bytes[start] == mark[0], Array(bytes[start..<start + mark.count]) == mark {
                    let text = String(decoding: bytes[..<start], as: UTF8.self)
                    bytes.removeFirst(start + mark.count)
                    return text
                }
                start += 1
            }
            try receive()
        }
    }

    /// So many bytes.
    func read(_ count: Int) throws -> String {
        while bytes.count < count { try receive() }
        defer { bytes.removeFirst(count) }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    private func receive() throws {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(socket, &buffer, buffer.count, 0)
        try #require(count > 0, "nothing came within a minute")
        bytes += buffer[..<count]
    }
}

/// An answer.
struct Answer {
    let status: Int
    let head: String
    let body: String

    /// Asks a dashboard for a path.
    init(
        _ port: UInt16, _ path: String, method: String = "GET",
        headers: [String] = ["Host: 127.0.0.1"]
    ) throws {
        let connection = try Connection(port)
        connection.send(path, method: method, headers)
        head = try connection.read(to: "\r\n\r\n")
        status = Int(head.split(separator: " ")[1]) ?? 0
        let length = head.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }
        body = try connection.read(Int(length?.dropFirst(16) ?? "") ?? 0)
    }
}

/// A stream of events.
final class Events {
    /// One event: its id, its data, and how many bytes it took.
    struct Event {
        let id: String?
        let data: [String: Any]
        let bytes: Int
    }

    private let connection: Connection
    private var text = ""

    init(_ port: UInt16, after id: String? = nil) throws {
        connection = try Connection(port)
        connection.send(
            "/events", ["Host: 127.0.0.1"] + (id.map { ["Last-Event-ID: \($0)"] } ?? []))
        let head = try connection.read(to: "\r\n\r\n")
        #expect(head.contains("text/event-stream"))
    }

    /// The next event; comments are passed over.
    func next() throws -> Event {
        while true {
            while let end = text.range(of: "\n\n") {
                let lines = text[..<end.lowerBound].split(separator: "\n")
                text.removeSubrange(..<end.upperBound)
                let data = lines.first { $0.hasPrefix("data: ") }
                guard let data else { continue }
                let object = try JSONSerialization.jsonObject(with: Data(data.dropFirst(6).utf8))
                return Event(
                    id: lines.first { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) },
                    data: try #require(object as? [String: Any]), bytes: data.utf8.count)
            }
            let size = try #require(Int(try connection.read(to: "\r\n"), radix: 16))
            text += try connection.read(size)
            _ = try connection.read(to: "\r\n")
        }
    }

    /// Passes over everything that a page gets first, and gives the last id.
    func ready() throws -> String {
        while true {
            let event = try next()
            if event.data["ready"] != nil { return try #require(event.id) }
        }
    }
}
