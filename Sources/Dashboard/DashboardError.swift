/// A dashboard that cannot be served.
public enum DashboardError: Error, Equatable, CustomStringConvertible {
    /// No port has this number.
    case port(Int)

    /// It is no address.
    case host(String)

    /// Other machines would reach it, and nothing keeps them out.
    case noToken(host: String)

    /// The token is short, or has letters that an address cannot hold.
    case unfitToken

    /// Another program has the port.
    case portInUse(host: String, port: UInt16)

    /// The port or address cannot be had.
    case refused(host: String, port: UInt16, reason: String)

    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .port(let port):
            "\(port) is no port, expected 0 to 65535; 0 takes one that is free"
        case .host(let host):
            "\(host) is no address, expected one of this machine such as 127.0.0.1, or 0.0.0.0 for all"
        case .noToken(let host):
            "other machines can reach \(host), expected a token that keeps strangers out; choose one of at "
                + "least 8 letters"
        case .unfitToken:
            "the token does not fit, expected at least 8 of the letters a-z, A-Z, 0-9, -, _, . and ~"
        case .portInUse(let host, let port):
            "port \(port) of \(host) is in use; choose another one, or 0 for any that is free"
        case .refused(let host, let port, let reason):
            "port \(port) of \(host) cannot be had: \(reason); choose another one"
        }
    }
}
