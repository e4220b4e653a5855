import FlyingFox
import Foundation

/// Answers what is asked for by its path.
struct Pages: Sendable {
    let board: Board

    /// The parts of the page.
    private static let files: [String: (type: String, bytes: [UInt8])] = [
        "": ("text/html; charset=utf-8", PackageResources.page_html),
        "page.css": ("text/css; charset=utf-8", PackageResources.page_css),
        "page.js": (script, PackageResources.page_js),
        "runs.js": (script, PackageResources.runs_js),
        "curves.js": (script, PackageResources.curves_js),
        "chart.js": (script, PackageResources.chart_js),
        "parts.js": (script, PackageResources.parts_js),
        "pen.js": (script, PackageResources.pen_js),
        "tables.js": (script, PackageResources.tables_js),
        "theme.js": (script, PackageResources.theme_js),
        "favicon.svg": ("image/svg+xml", PackageResources.favicon_svg),
    ]

    private static let script = "text/javascript; charset=utf-8"

    /// A report may show pictures and its own style, and runs nothing.
    private static let policyOfReports =
        "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; sandbox"

    func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
        let path = request.target.path()
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            .map { $0.removingPercentEncoding ?? "" }
        guard path.hasPrefix("/"), parts.count == 1 || !parts.contains(where: RunFolder.climbs)
        else {
            return Self.outside
        }
        if parts.count == 1, let file = Self.files[parts[0]] {
            return HTTPResponse(
                statusCode: .ok, headers: [.contentType: file.type], body: Data(file.bytes))
        }
        switch parts[0] {
        case "events" where parts.count == 1: return events(request)
        case "differences" where parts.count == 1: return try await differences(request)
        case "runs" where parts.count > 2: return try await file(parts)
        default: return Self.missing
        }
    }

    private func events(_ request: HTTPRequest) -> HTTPResponse {
        let after =
            request.headers[HTTPHeader("Last-Event-ID")]
            ?? request.query.first { $0.name == "after" }?.value
        return HTTPResponse(
            statusCode: .ok, headers: [.contentType: "text/event-stream; charset=utf-8"],
            body: HTTPBodySequence(from: EventStream(board: board, after: after)))
    }

    private func differences(_ request: HTTPRequest) async throws -> HTTPResponse {
        let text = request.query.first { $0.name == "runs" }?.value ?? ""
        let runs = text.split(separator: ",").map { Int64($0) }
        guard !runs.isEmpty, runs.count <= 1000, !runs.contains(nil) else {
            return .text(.badRequest, "Expected the numbers of runs, as /differences?runs=1,2.")
        }
        return HTTPResponse(
            statusCode: .ok, headers: [.contentType: "application/json"],
            body: try await board.differences(between: runs.compactMap(\.self)))
    }

    private func file(_ parts: [String]) async throws -> HTTPResponse {
        guard let id = Int64(parts[1]), let folder = await board.folder(of: id) else {
            return Self.missing
        }
        switch RunFolder.find(Array(parts[2...]), in: folder) {
        case .outside: return Self.outside
        case .missing: return Self.missing
        case .file(let path, let type):
            return HTTPResponse(
                statusCode: .ok,
                headers: [
                    .contentType: type,
                    HTTPHeader("Content-Security-Policy"): Self.policyOfReports,
                ],
                body: try HTTPBodySequence(
                    file: URL(fileURLWithPath: path), suggestedBufferSize: 65_536))
        }
    }

    private static var missing: HTTPResponse { .text(.notFound, "There is nothing at this path.") }

    private static var outside: HTTPResponse {
        .text(.forbidden, "The path leads out of the folder; only what lies in it is served.")
    }
}
