import FlyingFox
import Foundation

/// Lets in who may see the dashboard, and gives every answer its headers.
struct Gate: HTTPHandler {
    let address: DashboardAddress
    let inner: Pages

    func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
        var response = try await answer(request)
        response.headers[HTTPHeader("X-Content-Type-Options")] = "nosniff"
        response.headers[HTTPHeader("Referrer-Policy")] = "no-referrer"
        response.headers[HTTPHeader("Cross-Origin-Resource-Policy")] = "same-origin"
        response.headers[.cacheControl] = "no-store"
        let policy = HTTPHeader("Content-Security-Policy")
        if response.headers[policy] == nil {
            response.headers[policy] =
                "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        }
        return response
    }

    private func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
        let host = request.headers[.host] ?? ""
        guard address.admits(host: host) else {
            return .text(.forbidden, "The Host header names no address of this dashboard.")
        }
        guard request.method == .GET else {
            var response = HTTPResponse.text(
                .methodNotAllowed, "The dashboard reads only, expected GET.")
            response.headers[HTTPHeader("Allow")] = "GET"
            return response
        }
        if let token = address.token {
            let port = host.split(separator: ":").last.map(String.init) ?? ""
            // Cookies do not tell ports apart.
            let cookie = "reviewkd-\(port.filter(\.isNumber))"
            if let given = request.query.first(where: { $0.name == "token" })?.value {
                guard isSame(given, token) else { return Self.wrongToken }
                // From here on the token stands in no address that is shown or kept.
                var response = HTTPResponse.text(.seeOther, "")
                response.headers[.location] = "/"
                response.headers[.setCookie] = "\(cookie)=\(token); Path=/; HttpOnly; SameSite=Lax"
                return response
            }
            guard let given = Self.token(of: request, cookie: cookie), isSame(given, token) else {
                return Self.wrongToken
            }
        }
        return try await inner.answer(request)
    }

    private static var wrongToken: HTTPResponse {
        .text(
            .forbidden,
            "The token is missing or wrong; open the address that the program printed at its start."
        )
    }

    private static func token(of request: HTTPRequest, cookie: String) -> String? {
        let bearer = "Bearer "
        if let text = request.headers[.authorization], text.hasPrefix(bearer) {
            return String(text.dropFirst(bearer.count))
        }
        for part in (request.headers[.cookie] ?? "").split(separator: ";") {
            let pair = part.split(separator: "=", maxSplits: 1)
            if pair.count == 2, pair[0].trimmingCharacters(in: .whitespaces) == cookie {
                return String(pair[1])
            }
        }
        return nil
    }

    /// Compares in a time that says nothing of where two texts differ.
    private func isSame(_ one: String, _ other: String) -> Bool {
        let (one, other) = (Array(one.utf8), Array(other.utf8))
        guard one.count == other.count else { return false }
        return zip(one, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

extension HTTPResponse {
    /// An answer of one sentence.
    static func text(_ status: HTTPStatusCode, _ text: String) -> HTTPResponse {
        HTTPResponse(
            statusCode: status, headers: [.contentType: "text/plain; charset=utf-8"],
            body: Data((text + "\n").utf8))
    }
}
