import BasicsTestSupport
import Foundation
import Testing

@Suite("The dashboard in a browser")
struct BrowserTests {
    @Test(
        "In Chromium curves grow, all controls have keys, and a phone's width holds the page",
        .enabled(if: Chromium.isThere(for: "the dashboard in a browser")))
    func browser() throws {
        let report = try JSONSerialization.jsonObject(
            with: Data(Chromium.run("browser.py", [Trial.program]).utf8))
        let found = try #require(report as? [String: Any])
        #expect(found["controls"] as? Int ?? 0 > 0)
    }
}
