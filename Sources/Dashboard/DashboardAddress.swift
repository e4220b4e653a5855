import Foundation

/// Where a dashboard is served, and who may see it.
public struct DashboardAddress: Sendable {
    /// The address that is listened on, of version 4 or 6.
    public let host: String

    /// The port; 0 for any that is free.
    public let port: UInt16

    /// What a page must know; nil where everybody on this machine may see it.
    public let token: String?

    /// Whether only this machine reaches it.
    public let isLoopback: Bool

    let isVersion6: Bool

    /// Checks where a dashboard is to be served.
    ///
    /// - Parameters:
    ///   - host: an address of this machine, `0.0.0.0` or `::` for all of them; nil for this machine alone.
    ///   - port: the port; 0 for any that is free.
    ///   - token: what a page must know; needed where other machines reach it.
    /// - Throws: `DashboardError`.
    public init(host: String?, port: Int, token: String?) throws(DashboardError) {
        guard let port = UInt16(exactly: port) else { throw .port(port) }
        let host = host == nil || host == "localhost" ? "127.0.0.1" : host ?? ""
        let isVersion6 = Self.isAddress(host, AF_INET6)
        guard isVersion6 || Self.isAddress(host, AF_INET) else { throw .host(host) }
        isLoopback = host == "::1" || (!isVersion6 && host.hasPrefix("127."))
        if let token {
            guard token.count >= 8, token.utf8.allSatisfy(Self.isFit) else { throw .unfitToken }
        } else if !isLoopback {
            throw .noToken(host: host)
        }
        self.host = host
        self.port = port
        self.token = token
        self.isVersion6 = isVersion6
    }

    /// What is opened in a browser, with the token.
    ///
    /// - Parameter port: the one that was taken.
    /// - Returns: the address.
    func url(port: UInt16) -> String {
        let isEvery = host == "0.0.0.0" || host == "::"
        let name = isEvery ? Self.machine : isVersion6 ? "[\(host)]" : host
        return "http://\(name):\(port)/" + (token.map { "?token=\($0)" } ?? "")
    }

    /// Whether a request's Host header names this server, not a name that another one let lead here.
    func admits(host header: String) -> Bool {
        let name = Self.name(in: header)
        if name == "localhost" || name == host.lowercased() { return true }
        let isAddress = Self.isAddress(name, AF_INET) || Self.isAddress(name, AF_INET6)
        guard !isLoopback else { return name == "127.0.0.1" || name == "::1" }
        // An address is no name that somebody could let lead elsewhere.
        return isAddress || name == Self.machine.lowercased()
    }

    /// What this machine is called, asked of no other one.
    private static let machine: String = {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return String(
            decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }()

    /// A Host header without the port and the brackets.
    private static func name(in header: String) -> String {
        let header = header.lowercased()
        if header.hasPrefix("["), let end = header.firstIndex(of: "]") {
            return String(header[header.index(after: header.startIndex)..<end])
        }
        return String(header.prefix { $0 != ":" })
    }

    private static func isAddress(_ text: String, _ family: Int32) -> Bool {
        var address = in6_addr()
        return inet_pton(family, text, &address) == 1
    }

    /// Whether a letter needs no escape in an address or a cookie.
    private static func isFit(_ letter: UInt8) -> Bool {
        switch letter {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "."), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
