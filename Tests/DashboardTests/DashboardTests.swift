import BasicsTestSupport
import Foundation
import RecordStore
import Testing

@Suite("The dashboard's server")
struct DashboardTests {
    @Test("The page needs nothing from elsewhere, and its headers forbid it")
    func offline() throws {
        try withRecords(runs: 1) { _, port in
            let page = try Answer(port, "/")
            #expect(page.status == 200)
            #expect(page.head.contains("Content-Security-Policy: default-src 'self';"))
            #expect(page.head.contains("X-Content-Type-Options: nosniff"))
            #expect(page.head.contains("Cache-Control: no-store"))
            let parts = page.body.matches(of: /(?:src|href)="([^"#]+)"/).map { String($0.1) }
            #expect(parts.count > 5)
            for part in parts {
                let answer = try Answer(port, part)
                #expect(answer.status == 200, "\(part)")
                let foreign = answer.body.replacingOccurrences(
                    of: "http://www.w3.org/2000/svg", with: "")
                #expect(!foreign.contains("http://") && !foreign.contains("https://"), "\(part)")
            }
        }
    }

    @Test("A name that another one let lead here is refused, and so is everything but reading")
    func hosts() throws {
        try withRecords(runs: 1) { _, port in
            for host in ["127.0.0.1:\(port)", "localhost", "LOCALHOST:1", "[::1]:\(port)"] {
                #expect(try Answer(port, "/", headers: ["Host: \(host)"]).status == 200, "\(host)")
            }
            for headers in [["Host: rebound.example"], ["Host: 127.0.0.1.example"], []] {
                for path in ["/", "/events", "/differences?runs=1"] {
                    let answer = try Answer(port, path, headers: headers)
                    #expect(answer.status == 403, "\(headers) \(path)")
                    #expect(answer.body == "The Host header names no address of this dashboard.\n")
                }
            }
            #expect(try Answer(port, "/", method: "POST").status == 405)
        }
    }

    @Test("Of a run's folder reports and pictures are served, and nothing beside it")
    func folders() throws {
        try withRecords(runs: 1) { store, port in
            let run = try #require(try store.runs().first)
            let folder = run.description.folder
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            for (name, text) in [("report.html", "<p>report"), ("student.safetensors", "weights")] {
                try text.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8)
            }
            let secret = URL(fileURLWithPath: folder).deletingLastPathComponent().path + "/x.html"
            try "secret".write(toFile: secret, atomically: true, encoding: .utf8)
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/link.html", withDestinationPath: secret)
            let report = try Answer(port, "/runs/\(run.id)/report.html")
            #expect(report.body == "<p>report")
            #expect(report.head.contains("sandbox"))
            for (path, status) in [
                ("student.safetensors", 404), ("none.html", 404), ("../x.html", 403),
                ("%2e%2e/x.html", 403), ("..%2fx.html", 403), ("link.html", 403), ("", 403),
            ] {
                let answer = try Answer(port, "/runs/\(run.id)/\(path)")
                #expect(answer.status == status, "\(path)")
                #expect(!answer.body.contains("secret"))
            }
            for (path, status) in [
                ("/runs/99/report.html", 404), ("/nothing", 404), ("/../../etc/passwd", 403),
                ("/differences?runs=one", 400), ("/differences", 400),
            ] {
                #expect(try Answer(port, path).status == status, "\(path)")
            }
        }
    }

    @Test("With a token only those who know it see anything")
    func token() throws {
        try withFolder { folder in
            let file = try fill(folder, runs: 1)
            let server = try Trial("serve", file, "0", "0.0.0.0", "right-token")
            let port = try server.port()
            let host = "Host: 127.0.0.1:\(port)"
            for path in ["/", "/events", "/page.js", "/?token=wrong-token", "/?token="] {
                #expect(try Answer(port, path, headers: [host]).status == 403, "\(path)")
            }
            let entry = try Answer(port, "/?token=right-token", headers: [host])
            #expect(entry.status == 303)
            #expect(entry.head.contains("HttpOnly; SameSite=Lax"))
            let cookie = "Cookie: other=1; reviewkd-\(port)=right-token"
            #expect(try Answer(port, "/", headers: [host, cookie]).status == 200)
            let bearer = "Authorization: Bearer right-token"
            #expect(try Answer(port, "/", headers: [host, bearer]).status == 200)
            #expect(
                try Answer(port, "/", headers: ["Host: rebound.example", cookie]).status == 403)
        }
    }

    @Test("What cannot be served is one sentence")
    func refusals() throws {
        try withFolder { folder in
            let file = try fill(folder, runs: 1)
            let server = try Trial("serve", file)
            let port = try server.port()
            let text = folder + "/text"
            try String(repeating: "no records\n", count: 500)
                .write(toFile: text, atomically: true, encoding: .utf8)
            for (arguments, problem) in [
                ([file, "\(port)"], "port \(port) of 127.0.0.1 is in use"),
                ([file, "65536"], "65536 is no port"),
                ([file, "0", "elsewhere", "right-token"], "elsewhere is no address"),
                ([file, "0", "0.0.0.0"], "other machines can reach 0.0.0.0, expected a token"),
                ([file, "0", "0.0.0.0", "short"], "the token does not fit"),
                ([text], "\(text) is no file of run records"),
                ([folder + "/none"], "there are no run records in \(folder)/none"),
            ] {
                let trial = try Trial(["serve"] + arguments)
                let (status, errors) = trial.finish()
                #expect(status == 1)
                #expect(errors.hasPrefix(problem), "\(errors)")
                #expect(errors.split(separator: "\n").count == 1, "\(errors)")
            }
        }
    }
}

/// Runs a test with filled records and a dashboard that serves them.
func withRecords(runs: Int, _ body: (RecordStore, UInt16) throws -> Void) throws {
    try withFolder { folder in
        let file = try fill(folder, runs: runs)
        let server = try Trial("serve", file)
        try body(try RecordStore(path: file, access: .write), try server.port())
        server.kill()
    }
}

/// Makes records of finished runs with 20 points in each curve of single steps.
func fill(_ folder: String, runs: Int) throws -> String {
    let file = folder + "/runs.sqlite"
    #expect(try Trial("fill", file, "\(runs)", "20").finish().status == 0)
    return file
}
